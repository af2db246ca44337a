"""The server of the guide's tests, and a C++ worker beside it."""
import os
import pathlib
import subprocess
import sys
import uuid

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "guide"), str(HERE.parent / "python")]

from perdure_server import ROOT, target_of_tests  # noqa: E402

PROGRAM = os.environ.get("PERDURE_MIXED_WORKER", str(ROOT / "build/release/bin/perdure-mixed-worker"))


@pytest.fixture(scope="session")
def target(tmp_path_factory):
    with target_of_tests(tmp_path_factory.mktemp("perdure")) as target:
        yield target


@pytest.fixture(scope="session")
def queues():
    """Of the C++ worker and of Python's."""
    name = uuid.uuid4()
    return f"cpp-{name}", f"python-{name}"


@pytest.fixture(scope="session", autouse=True)
def cpp_worker(target, queues):
    worker = subprocess.Popen([PROGRAM, target, queues[0]], stdin=subprocess.DEVNULL)
    yield
    worker.terminate()
    assert worker.wait(20) == 0
