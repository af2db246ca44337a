"""A `perdure server` of one's own: started on a free port, awaited, ended."""
import contextlib
import os
import pathlib
import select
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("PERDURE_PROGRAM", str(ROOT / "build/release/bin/perdure"))
READY_SECONDS = 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One server process over the directory `folder`; its log is folder/server.log."""

    def __init__(self, folder: pathlib.Path, *options: str):
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.port = free_port()
        self.target = f"127.0.0.1:{self.port}"
        self.options = options
        self.process: subprocess.Popen | None = None

    def start(self) -> "Server":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "server", "--data", str(self.data), "--address", self.target, *self.options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                self._check_alive()
                if time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError(f"{PROGRAM} server did not listen on {self.target}:\n{self.tail()}")
                # Nothing announces the socket of another process: look again soon.
                select.select([], [], [], 0.01)

    def stop(self) -> int:
        """Ends the server as an operator would and gives its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise RuntimeError(f"the server did not end within 20 s of SIGTERM:\n{self.tail()}") from None

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]

    def _check_alive(self) -> None:
        if self.process.poll() is not None:
            raise RuntimeError(f"{PROGRAM} server ended with {self.process.returncode}:\n{self.tail()}")


@contextlib.contextmanager
def target_of_tests(folder: pathlib.Path):
    """PERDURE_TEST_TARGET, a server that is there already; without it, that of a server of its own over `folder`."""
    given = os.environ.get("PERDURE_TEST_TARGET")
    if given:
        yield given
        return
    server = Server(folder, "--metrics-address", "").start()
    yield server.target
    code = server.stop()
    assert code == 0, f"the server ended with {code}:\n{server.tail()}"
