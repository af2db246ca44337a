#!/usr/bin/env python3
"""State directories that earlier releases left, as text: each opens under today's program, is clean, and goes on.

states_test.py check PERDURE HELLO      unpacks every *.state beside this file, checks it, runs hello on it
states_test.py pack DIR FILE            packs a stopped state directory (once for each release; files only get more)
A file named *-open.state holds a run that has not been worked on, *-closed.state one that is complete.
"""
import base64
import io
import pathlib
import subprocess
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).parent


def pack(folder, file):
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w:xz") as archive:
        for path in sorted(pathlib.Path(folder).iterdir()):
            info = archive.gettarinfo(path, path.name)
            info.uid = info.gid = 0
            info.uname = info.gname = ""
            with open(path, "rb") as content:
                archive.addfile(info, content)
    pathlib.Path(file).write_bytes(base64.encodebytes(memory.getvalue()))


def check(perdure, hello):
    files = sorted(HERE.glob("*.state"))
    assert len(files) >= 2, "no recorded states"
    for file in files:
        with tempfile.TemporaryDirectory() as folder:
            with tarfile.open(fileobj=io.BytesIO(base64.decodebytes(file.read_bytes())), mode="r:xz") as archive:
                archive.extractall(folder)
            for expected in ("0" if "closed" in file.name else "1", "0"):
                fsck = subprocess.run([perdure, "fsck", folder], capture_output=True, text=True)
                assert fsck.returncode == 0, f"{file.name}: {fsck.stdout}{fsck.stderr}"
                run = subprocess.run([hello, f"file:{folder}"], capture_output=True, text=True)
                assert run.returncode == 0, f"{file.name}: {run.stderr}"
                assert "Hello, durable world!" in run.stdout, f"{file.name}: {run.stdout}"
                assert f"activity executions in this run: {expected}\n" in run.stdout, f"{file.name}: {run.stdout}"
    print(f"{len(files)} state directories go on")


if __name__ == "__main__":
    {"check": check, "pack": pack}[sys.argv[1]](*sys.argv[2:])
