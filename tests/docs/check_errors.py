#!/usr/bin/env python3
"""Every error that the SDK raises on its own has a page in docs/errors. Usage: check_errors.py ROOT

A class of include/perdure that derives from PerdureError has a page of its name; a failure type that the SDK gives is named
by some page. A page says what, why and how to fix it, and the index leads to it.
"""
import pathlib
import re
import sys

HEADINGS = ["## What it is", "## Why", "## How to fix it"]


def kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def error_classes(root: pathlib.Path) -> set[str]:
    text = "\n".join(path.read_text() for path in sorted((root / "include/perdure").rglob("*.h")))
    return set(re.findall(r"^class (\w+Error)\b[^;{]*\{", text, flags=re.M))


def failure_types(root: pathlib.Path) -> set[str]:
    """Of the failures that workers and the replay make themselves."""
    text = "\n".join(path.read_text() for room in ("worker", "workflow", "guard")
                     for path in sorted((root / "src" / room).rglob("*.cc")))
    given = re.findall(r'\.type = "(\w+)"', text) + re.findall(r'"(\w+Error)"', text)
    return set(given)


def check(root: pathlib.Path):
    folder = root / "docs/errors"
    pages = {path.stem: path.read_text() for path in sorted(folder.glob("*.md"))}
    index = pages.pop("README")
    classes, types = error_classes(root), failure_types(root)
    if len(classes) < 15 or len(types) < 3:
        yield f"found {len(classes)} classes and {len(types)} failure types only: this check looks in the wrong place"
    for name in sorted(classes):
        if kebab(name) not in pages:
            yield f"class {name} has no page docs/errors/{kebab(name)}.md"
    for name in sorted(types):
        if not any(name in text for text in pages.values()):
            yield f"no page of docs/errors names the failure type {name}"
    for name, text in pages.items():
        if [line for line in text.splitlines() if line.startswith("## ")] != HEADINGS:
            yield f"docs/errors/{name}.md: its headings are not {HEADINGS}"
        if f"({name}.md)" not in index:
            yield f"docs/errors/README.md does not lead to {name}.md"


def main() -> int:
    findings = list(check(pathlib.Path(sys.argv[1]).resolve()))
    print("\n".join(findings) or "every error has its page")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
