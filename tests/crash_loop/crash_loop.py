#!/usr/bin/env python3
"""crash_loop.py PERDURE CRASH_LOAD [--kills N]: kill -9 of a server at random moments, its start-up included, under load.

The load generator keeps its own synced ledger and compares at the end. Prints one line for people."""
import argparse
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time


WORK_LINES = 20
WORK_SECONDS = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """The server process; killed and started again."""

    def __init__(self, perdure, folder, address):
        self.command = [perdure, "server", "--data", folder, "--address", address, "--metrics-address", ""]
        self.log = open(os.path.join(folder + ".log"), "a")
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def check_alive(self):
        code = self.process.poll()
        if code is not None:
            self.log.flush()
            sys.exit(f"the server ended by itself with {code}: {open(self.log.name).read()[-2000:]}")

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=60)


def lines_of(path):
    try:
        with open(path, "rb") as file:
            return file.read().count(b"\n")
    except FileNotFoundError:
        return 0


def await_work(ledger, since):
    """Until callers have noted more than `since` by some steps of several workflows; a busy machine takes longer."""
    deadline = time.monotonic() + WORK_SECONDS
    while lines_of(ledger) < since + WORK_LINES:
        assert time.monotonic() < deadline, f"nothing went on for {WORK_SECONDS} s after the server was started"
        time.sleep(0.02)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("perdure")
    parser.add_argument("load")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--callers", type=int, default=8)
    parser.add_argument("--seed", type=int, default=20261122)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        address = f"127.0.0.1:{free_port()}"
        server = Server(options.perdure, data, address)
        server.start()
        ledger = os.path.join(folder, "ledger")
        load = subprocess.Popen([options.load, address, ledger, str(options.callers)],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        begun = time.monotonic()
        in_startup = noted = 0
        try:
            for kill in range(options.kills):
                startup = kill % 4 == 3
                if not startup:
                    await_work(ledger, noted)
                time.sleep(chance.uniform(0.0, 0.06) if startup else chance.uniform(0.0, 1.0))
                server.check_alive()
                noted = lines_of(ledger)
                in_startup += startup
                server.kill()
                server.start()
                if options.kills > 20 and kill % 10 == 9:
                    print(f"{kill + 1} kills", file=sys.stderr, flush=True)
            load.stdin.write("finish\n")
            load.stdin.flush()
            out, _ = load.communicate(timeout=180)
        finally:
            load.kill()
            if server.process.poll() is None and sys.exc_info()[0] is not None:
                server.kill()
        code = server.stop()
        fsck = subprocess.run([options.perdure, "fsck", data], capture_output=True, text=True)
        report = json.loads(out)
        print(f"{options.kills} kills ({in_startup} of them within 60 ms of the start) in {time.monotonic() - begun:.0f} s: "
              f"{report['workflows']} workflows, {report['signals']} signals acknowledged, {report['activity_runs']} activity runs, "
              f"{report['findings']} lost or doubled; fsck {'clean' if fsck.returncode == 0 else fsck.stdout}")
        least = report["signals"]
        assert load.returncode == 0, "the load generator found something"
        assert code == 0, f"the server ended with {code} after SIGTERM"
        assert fsck.returncode == 0, fsck.stdout
        assert report["workflows"] >= options.kills, "too little went on between the kills"
        assert least <= report["activity_runs"], "fewer activities ran than completed"


if __name__ == "__main__":
    main()
