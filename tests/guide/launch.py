"""Runs a program of the guide as it stands, against another server: launch.py HOST:PORT PROGRAM

The guide's programs name localhost:7233. A developer may have a server there, so tests use ports of their own: where
the program connects to is exchanged here, and nothing else.
"""
import os
import pathlib
import runpy
import sys

from temporalio.client import Client

target, program = sys.argv[1:]
sys.path.insert(0, str(pathlib.Path(program).resolve().parent))
connect = Client.connect


async def connect_elsewhere(address: str, **options):
    assert address == "localhost:7233"
    return await connect(target, **options)


Client.connect = connect_elsewhere
try:
    runpy.run_path(program, run_name="__main__")
except KeyboardInterrupt:
    pass
finally:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
