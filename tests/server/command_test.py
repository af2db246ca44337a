#!/usr/bin/env python3
"""`perdure server` as a process: its first line, signals, and a second one. Usage: command_test.py PERDURE"""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request

PERDURE = sys.argv[1]
failures = []


def expect(condition, what):
    if not condition:
        failures.append(what)
        print("FAILED:", what)


class Server:
    def __init__(self, *arguments, environment=None):
        self.process = subprocess.Popen([PERDURE, "server", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, env={**os.environ, **(environment or {})})
        self.first_line = self.process.stdout.readline()
        match = re.match(r"perdure: serving (\S+:\d+), data in (.*?)(?:, metrics on (\S+))?\n", self.first_line)
        self.address, self.data, self.metrics = match.groups() if match else (None, None, None)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.output, self.errors = self.process.communicate(timeout=60)
        return self.process.returncode


def refused(*arguments):
    done = subprocess.run([PERDURE, "server", *arguments], capture_output=True, text=True, timeout=60)
    expect(done.returncode == 1, f"{arguments} ends with 1, not {done.returncode}")
    expect(done.stdout == "", f"{arguments} prints nothing to stdout: {done.stdout}")
    expect(len(done.stderr.splitlines()) == 1, f"{arguments} says one sentence: {done.stderr}")
    return done.stderr


def can_connect(address):
    host, port = address.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
        return True
    except OSError:
        return False


with tempfile.TemporaryDirectory() as folder:
    data = str(pathlib.Path(folder, "state"))
    server = Server("--data", data, "--address", "127.0.0.1:0")
    expect(server.data == data, f"the first line names the directory: {server.first_line}")
    expect(can_connect(server.address), "it listens when it has said so")
    text = urllib.request.urlopen(server.metrics, timeout=30).read().decode()
    expect("perdure_engine_commits_total" in text, "metrics are served")

    expect("is in use by process" in refused("--data", data, "--address", "127.0.0.1:0"), "a second one on the directory")
    other = str(pathlib.Path(folder, "other"))
    expect(f"{server.address} is in use by another program" in refused("--data", other, "--address", server.address),
           "a second one on the port")
    expect("--insecure" in refused("--data", other, "--address", "0.0.0.0:0"), "a public address")
    expect("loud" in refused("--data", other, "--log-level", "loud"), "a log level that is none")

    server.process.send_signal(signal.SIGHUP)
    expect(can_connect(server.address) and server.process.poll() is None, "it lives on after SIGHUP")
    expect(server.stop(signal.SIGTERM) == 0, "SIGTERM ends it with 0")
    expect("event=signal name=HUP means=nothing" in server.errors, f"it says so: {server.errors}")
    expect("event=stopped" in server.errors, f"its log ends well: {server.errors}")
    expect(not can_connect(server.address), "its port is closed")

    server = Server("--data", data, "--address", "127.0.0.1:0", "--metrics-address", "", "--log-level", "off")
    expect(server.metrics is None, f"no metrics if none are wanted: {server.first_line}")
    expect(server.stop(signal.SIGINT) == 0, "SIGINT ends it with 0")
    expect(server.errors == "", f"nothing is logged: {server.errors}")

    home = str(pathlib.Path(folder, "home"))
    server = Server("--address", "127.0.0.1:0", environment={"XDG_STATE_HOME": home})
    expect(server.data == home + "/perdure", f"the default directory: {server.first_line}")
    expect(server.stop() == 0, "it ends")
    fsck = subprocess.run([PERDURE, "fsck", server.data], capture_output=True, text=True)
    expect(fsck.returncode == 0, f"it leaves a clean directory: {fsck.stdout}")

sys.exit(1 if failures else 0)
