#!/usr/bin/env python3
"""tidy.py [--all | --most N | FILE…]: runs clang-tidy over product code, by default over what differs from the upstream branch.

Works on the release build's compile commands, without their precompiled headers: those can be read only by the
compiler that wrote them, and every file includes what it uses. Tests are left out; they are checked by running.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/release"
DATABASE = ROOT / "build/tidy"
FOLDERS = ("src/", "include/", "apps/", "sim/", "examples/", "bench/")
TIDY = "clang-tidy-22"  # 19 visits every system header with every check: two minutes a file instead of ten seconds
MOST_FILES = 12  # of an ordinary run, so that its time is bounded
PARALLEL = 2
NOT_RUN = 77


def git(*arguments):
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def write_database():
    """The compile commands of each file once, as any clang can read them. Returns the files."""
    commands = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        file = os.path.relpath(entry["file"], ROOT)
        if not file.startswith(FOLDERS) or "PERDURE_PLANTED_BUGS" in entry["command"]:
            continue
        entry["command"] = re.sub(r"-Xclang (-include-pch|-include) -Xclang \S+|-Winvalid-pch|-Xclang -fno-pch-timestamp",
                                  "", entry["command"])
        commands[file] = entry
    DATABASE.mkdir(parents=True, exist_ok=True)
    (DATABASE / "compile_commands.json").write_text(json.dumps(list(commands.values())))
    return set(commands)


def base_commit():
    """Where this branch left the upstream one; in a clone that has nothing of its own, the commit before the last."""
    for upstream in (os.environ.get("PERDURE_TIDY_BASE", ""), "origin/HEAD", "origin/main"):
        base = git("merge-base", "HEAD", upstream) if upstream else ""
        if base and base != git("rev-parse", "HEAD"):
            return base
    return git("rev-parse", "-q", "--verify", "HEAD~1")


def changed_lines():
    """Changed product files -> number of changed lines, with what is not committed yet."""
    changed = {}
    base = base_commit()
    for line in git("diff", "--numstat", "--no-renames", base or "HEAD").splitlines():
        added, removed, file = line.split("\t")
        changed[file] = int(added) + int(removed) if added != "-" else 0
    for file in git("ls-files", "-o", "--exclude-standard").splitlines():
        changed[file] = len((ROOT / file).read_bytes().splitlines())
    return {file: lines for file, lines in changed.items()
            if file.startswith(FOLDERS) and file.endswith((".h", ".cc")) and (ROOT / file).exists()}


def source_of(header, sources):
    """A header is checked through a source that includes it, best through its own."""
    own = header.removesuffix(".h") + ".cc"
    if own in sources:
        return own
    name = re.sub(r"^(src|include)/", "", header)
    for source in sorted(sources):
        if re.search(rf'#include ["<]{re.escape(name)}[">]', (ROOT / source).read_text()):
            return source
    return None


def choose(sources, most):
    weights = {}
    for file, lines in changed_lines().items():
        source = file if file in sources else source_of(file, sources) if file.endswith(".h") else None
        if source:
            weights[source] = weights.get(source, 0) + lines
    chosen = sorted(weights, key=lambda source: (-weights[source], source))
    if len(chosen) > most:
        print(f"tidy: the {most} of {len(chosen)} files that changed most; ./dev tidy --all checks every one")
    return chosen[:most]


def check(file):
    done = subprocess.run([TIDY, "-p", str(DATABASE), "--quiet", "--use-color=false", file], cwd=ROOT,
                          capture_output=True, text=True)
    return file, done.returncode, (done.stdout.strip() or done.stderr.strip()) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="every file of the product (half an hour)")
    parser.add_argument("--most", type=int, default=MOST_FILES, help="how many of the files that changed")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    if shutil.which(TIDY) is None:
        print(f"NOT RUN: no {TIDY} on this machine; ./dev tidy installs it")
        return NOT_RUN
    sources = write_database()
    files = sorted(sources) if options.all else options.files or choose(sources, options.most)
    unknown = [file for file in files if file not in sources]
    if unknown:
        sys.exit(f"tidy: {unknown[0]} is not compiled by the release build (of {', '.join(FOLDERS)})")
    failed = 0
    shown = set()  # a finding in a header comes with every file that includes it
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        for _, status, findings in pool.map(check, files):
            if status != 0:
                failed += 1
                for finding in re.split(r"(?m)^(?=\S+:\d+:\d+: (?:error|warning): )", findings):
                    if finding not in shown:
                        print(finding.replace(f"{ROOT}/", ""), end="", flush=True)
                        shown.add(finding)
    print(f"tidy: {len(files)} files, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
