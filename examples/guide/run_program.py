#!/usr/bin/env python3
"""run_program.py embedded|served PROGRAM SOURCE: the program prints what the first comment of its source says.

Embedded: with a state directory of its own; served: against a `perdure server` of its own.
"""
import itertools
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/python"))
from perdure_server import Server  # noqa: E402


def promised(source: pathlib.Path) -> list[str]:
    lines = iter(source.read_text().splitlines())
    assert any(line.endswith("It prints") for line in itertools.takewhile(lambda line: line.startswith("//"), lines))
    return [line[5:] for line in itertools.takewhile(lambda line: line.startswith("//   "), lines)]


def run(program: str, target: str) -> tuple[int, list[str]]:
    done = subprocess.run([program, target], stdout=subprocess.PIPE, text=True, timeout=90, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout.splitlines()


def main(service: str, program: str, source: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        if service == "embedded":
            code, printed = run(program, f"file:{folder}/state")
        else:
            server = Server(pathlib.Path(folder), "--metrics-address", "").start()
            try:
                code, printed = run(program, server.target)
            finally:
                server.stop()
    expected = promised(pathlib.Path(source))
    if code != 0 or printed != expected:
        print(f"ended with {code}\nprinted\n  " + "\n  ".join(printed) + "\nsays that it prints\n  " + "\n  ".join(expected))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
