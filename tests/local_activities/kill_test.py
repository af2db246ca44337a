#!/usr/bin/env python3
"""Kills a C++ worker (SIGKILL) between two local activities, starts it again and reads the workflow's result.

A first activity whose marker was recorded keeps its result and does not run again; one whose workflow task was still
open runs again with it. Embedded the engine dies with its worker; served, only the worker dies.
Usage: kill_test.py PROGRAM FOLDER
"""

import pathlib
import select
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "python"))

from perdure_server import Server  # noqa: E402

LONGEST = 60  # seconds


def wait_until(holds, what):
    deadline = time.monotonic() + LONGEST
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not come about within {LONGEST} s"
        select.select([], [], [], 0.02)  # another process is watched: nothing tells when to look


def lines(log):
    return log.read_text().split() if log.exists() else []


class Case:
    def __init__(self, program, target, folder, apart):
        self.log = folder / "log"
        self.command = lambda what: [program, target, what, str(self.log), "1" if apart else "0"]

    def output(self, what):
        return subprocess.run(self.command(what), stdout=subprocess.PIPE, text=True, check=True, timeout=LONGEST).stdout

    def run(self, ready_to_be_killed):
        """(the id of the process that was killed, the lines of both activities, the workflow's result)"""
        with subprocess.Popen(self.command("start"), stdout=subprocess.DEVNULL) as process:
            try:
                wait_until(lambda: f"second:{process.pid}" in lines(self.log), "the second activity")
                ready_to_be_killed(self)
                assert process.poll() is None
            finally:
                process.kill()
            killed = process.pid
        result = self.output("go-on").split()
        return killed, lines(self.log), result


def check_first_is_kept(killed, log, result):
    assert [line.split(":")[0] for line in log] == ["first", "second", "second"], log
    assert log[0] == log[1].replace("second", "first") == f"first:{killed}", log
    assert result == [log[0], log[2]], (result, log)
    assert log[2] != log[1], "the second activity ran again in another process"


def check_first_runs_again(killed, log, result):
    assert [line.split(":")[0] for line in log] == ["first", "second", "first", "second"], log
    assert log[0] == f"first:{killed}", log
    assert result == log[2:], (result, log)


def at_once(_case):
    pass


def when_the_task_was_kept_alive(case):
    """Its heartbeat records what ended so far."""
    wait_until(lambda: int(case.output("markers")) == 1, "the first activity's marker")


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    cases = [
        ("embedded, a timer between them", False, True, at_once, check_first_is_kept),
        ("embedded, in one workflow task", False, False, at_once, check_first_runs_again),
        ("served, a timer between them", True, True, at_once, check_first_is_kept),
        ("served, in one workflow task that was kept alive", True, False, when_the_task_was_kept_alive, check_first_is_kept),
    ]
    shutil.rmtree(folder, ignore_errors=True)
    for number, (name, served, apart, ready, check) in enumerate(cases):
        here = folder / str(number)
        here.mkdir(parents=True)
        server = Server(here, "--metrics-address", "").start() if served else None
        try:
            target = server.target if server else f"file:{here / 'state'}"
            begun = time.monotonic()
            check(*Case(program, target, here, apart).run(ready))
            print(f"{name}: {time.monotonic() - begun:.1f} s", flush=True)
        finally:
            if server:
                code = server.stop()
                assert code == 0, f"the server ended with {code}:\n{server.tail()}"
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
