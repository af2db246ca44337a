#!/usr/bin/env python3
"""Writes the regions that documents name into their C++ and Python blocks; tests/docs checks that nothing differs."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(root / "tests" / "docs"))
from check_blocks import region  # noqa: E402

for document in [*root.glob("*.md"), *root.glob("docs/**/*.md"), *root.glob("examples/**/*.md")]:
    text = document.read_text()
    updated = re.sub(
        r"(<!-- (\S+) \[(\S+)\] -->\n```(?:cpp|python)\n)(.*?)(```\n)",
        lambda m: m.group(1) + region(root / m.group(2), m.group(3)).strip("\n") + "\n" + m.group(5),
        text, flags=re.S)
    if updated != text:
        document.write_text(updated)
        print(f"updated {document.relative_to(root)}")
