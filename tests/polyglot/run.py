#!/usr/bin/env python3
"""run.py go|typescript: the hello program of another official SDK against a `perdure server` of its own.

PERDURE_TEST_TARGET=host:port names a server that is there already. Where the toolchain or its packages cannot be had,
it prints `NOT RUN: why` and exits with 77; packages that differ from what is pinned are a failure.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests/python"))
from perdure_server import Server  # noqa: E402

BUILD = ROOT / "build/polyglot"
NOT_RUN = 77
# What a package tool says when packages are not the pinned ones, which must not pass as "not reachable".
PINS_BROKEN = ("checksum mismatch", "SECURITY ERROR", "missing go.sum entry", "updates to go.mod needed", "EINTEGRITY",
               "can only install packages when your package.json and package-lock.json")


class NotRun(Exception):
    pass


def need(tool: str) -> str:
    found = shutil.which(tool)
    if not found:
        raise NotRun(f"no `{tool}` on this machine")
    return found


def prepare(what: str, command: list[str], **options) -> None:
    """Runs a package tool; what keeps it from getting packages is a reason not to run."""
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, **options)
    if done.returncode == 0:
        return
    said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    if any(mark in line for mark in PINS_BROKEN for line in said):
        sys.exit(f"{what}: the packages are not the pinned ones\n" + "\n".join(said[-20:]))
    telling = [line for line in said if "npm error" in line] or said[-1:] or [f"ended with {done.returncode}"]
    raise NotRun(f"{what}: " + "; ".join(telling[:3]))


def go_program() -> list[str]:
    go = need("go")
    source = HERE / "go"
    environment = dict(os.environ, GOTOOLCHAIN="local", GOFLAGS="-mod=readonly -buildvcs=false", GOWORK="off")
    prepare("go mod download", [go, "mod", "download"], cwd=source, env=environment)
    program = BUILD / "hello-go"
    subprocess.run([go, "build", "-o", str(program), "."], cwd=source, env=environment, check=True)
    return [str(program)]


def typescript_program() -> list[str]:
    node, npm = need("node"), need("npm")
    folder = BUILD / "typescript"
    folder.mkdir(exist_ok=True)
    for path in (HERE / "typescript").iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    digest = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / "node_modules/.installed"  # goes with what it stands for
    if not stamp.exists() or stamp.read_text() != digest:
        stamp.unlink(missing_ok=True)
        prepare("npm ci", [npm, "ci", "--ignore-scripts"], cwd=folder)
        stamp.write_text(digest)
    return [node, str(folder / "hello.js")]


def run_against(program: list[str], target: str) -> int:
    return subprocess.run([*program, target], timeout=120, stdin=subprocess.DEVNULL).returncode


def main(language: str) -> int:
    BUILD.mkdir(parents=True, exist_ok=True)
    program = {"go": go_program, "typescript": typescript_program}[language]()
    target = os.environ.get("PERDURE_TEST_TARGET")
    if target:
        return run_against(program, target)
    with tempfile.TemporaryDirectory() as folder:
        server = Server(pathlib.Path(folder), "--metrics-address", "").start()
        try:
            code = run_against(program, server.target)
        finally:
            ended = server.stop()
        if code != 0 or ended != 0:
            print(f"the program ended with {code}, the server with {ended}\n{server.tail()}")
        return code or ended


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except NotRun as reason:
        print(f"NOT RUN: {reason}")
        sys.exit(NOT_RUN)
