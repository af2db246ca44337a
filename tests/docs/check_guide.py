#!/usr/bin/env python3
"""The C++ guide has a page for every section of the Python guide, and every program of it is shown. Usage: check_guide.py ROOT

The sections are those that tests/guide runs; the index (docs/guide/README.md) names section, page and program.
"""
import pathlib
import re
import sys


def check(root: pathlib.Path):
    index = (root / "docs/guide/README.md").read_text()
    rows = re.findall(r"^\| (\w[^|]+) \| \[[^]]+\]\(([\w-]+)\.md\) \| `(\w+)\.cc` \|$", index, flags=re.M)
    sections = {path.stem.removeprefix("test_") for path in (root / "tests/guide").glob("test_*.py")}
    named = {section.strip().lower().replace(" ", "_"): (page, program) for section, page, program in rows}
    if len(sections) < 10:
        yield "tests/guide has hardly a section: this check looks in the wrong place"
    for section in sorted(sections ^ set(named)):
        yield f"section {section} is in one of tests/guide and docs/guide/README.md only"
    for page, program in named.values():
        if f"examples/guide/{program}.cc" not in (root / f"docs/guide/{page}.md").read_text():
            yield f"docs/guide/{page}.md shows nothing of examples/guide/{program}.cc"
    pages = "\n".join(path.read_text() for path in (root / "docs/guide").glob("*.md"))
    for program in sorted((root / "examples/guide").glob("*.cc")):
        if f"examples/guide/{program.name}" not in pages:
            yield f"no page of docs/guide shows {program.name}"
    for page in sorted((root / "docs/guide").glob("*.md")):
        if page.name != "README.md" and f"({page.name})" not in index:
            yield f"docs/guide/README.md does not lead to {page.name}"


def main() -> int:
    findings = list(check(pathlib.Path(sys.argv[1]).resolve()))
    print("\n".join(findings) or "every section has its page")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
