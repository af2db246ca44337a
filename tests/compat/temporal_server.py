"""A real Temporal of one's own: the development server of the `temporal` CLI on free ports, awaited, ended."""

import socket
import subprocess
import time

from perdure_server import free_port

READY_SECONDS = 60


class Temporal:
    """One server with its data and log in `folder`; dynamic_config holds `key=value` texts, the values JSON."""

    def __init__(self, program, folder, dynamic_config=()):
        ports = [free_port() for _ in range(4)]
        self.target = f"127.0.0.1:{ports[0]}"
        flags = ["--ip", "127.0.0.1", "--headless", "--db-filename", str(folder / "temporal.db")]
        for flag, port in zip(("--port", "--http-port", "--ui-port", "--metrics-port"), ports):
            flags += [flag, str(port)]
        for setting in dynamic_config:
            flags += ["--dynamic-config-value", setting]
        self.log = folder / "temporal.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [program, "server", "start-dev", *flags], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._await(ports[0])

    def _await(self, port):
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"the real Temporal did not start:\n{self.log.read_text(errors='replace')[-3000:]}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
