#!/usr/bin/env python3
"""Every C++ block of a document is a region of a compiled file, named in a comment above it:

    <!-- examples/hello/hello.cc [workflow] -->

A Python block may name one, too. A region stands between two lines `// [workflow]` (`# [workflow]`); a name of `*` means the whole file. Every `./dev JOB` and every
program named in a console block must exist, and every relative link must lead somewhere. Usage: check_blocks.py ROOT
"""
import pathlib
import re
import subprocess
import sys
import textwrap


def region(path, name):
    text = path.read_text()
    if name == "*":
        return text
    parts = re.split(rf"^[ \t]*(?://|#) \[{re.escape(name)}\]\n", text, flags=re.M)
    if len(parts) != 3:
        raise ValueError(f"{path} has no region [{name}]")
    return textwrap.dedent(parts[1])


def check(root, document):
    text = document.read_text()
    for match in re.finditer(r"(?:<!-- (\S+) \[(\S+)\] -->\n)?```(\w*)\n(.*?)```\n", text, flags=re.S):
        where, name, language, block = match.groups()
        line = text[: match.start()].count("\n") + 1
        if language == "cpp" and not where:
            yield f"{document}:{line}: a C++ block without the region it comes from"
        elif language in ("cpp", "python") and where:
            if region(root / where, name).strip() != block.strip():
                yield f"{document}:{line}: differs from region [{name}] of {where}"
        elif language in ("sh", "console", "bash"):
            jobs = subprocess.run([root / "dev"], capture_output=True, text=True).stdout
            for job in re.findall(r"\./dev (\w+)", block):
                if not re.search(rf"^  {job}\b", jobs, flags=re.M):
                    yield f"{document}:{line}: ./dev has no job {job}"
    prose = re.sub(r"```.*?```", "", text, flags=re.S)
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", prose):
        if not (document.parent / target).exists():
            yield f"{document}: the link to {target} leads nowhere"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    documents = [*root.glob("*.md"), *root.glob("docs/**/*.md"), *root.glob("examples/**/*.md")]
    findings = [finding for document in documents for finding in check(root, document)]
    print("\n".join(findings) or f"{len(documents)} documents: nothing found")
    return 1 if findings or not documents else 0


if __name__ == "__main__":
    sys.exit(main())
