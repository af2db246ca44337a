"""The server and the client of a test.

PERDURE_TEST_TARGET=host:port runs the same tests against a server that is already there, for example a real Temporal.
Without it each session starts a `perdure server` of its own (PERDURE_PROGRAM names the program).
"""
import pathlib
import sys
import uuid

import pytest
import pytest_asyncio
from temporalio.client import Client

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "programs"), str(HERE.parent / "python")]

from perdure_server import target_of_tests  # noqa: E402


@pytest.fixture(scope="session")
def target(tmp_path_factory):
    with target_of_tests(tmp_path_factory.mktemp("perdure")) as target:
        yield target


@pytest_asyncio.fixture(scope="session")
async def client(target):
    return await Client.connect(target)


@pytest.fixture
def queue(request):
    """A task queue that no other test uses; workflow ids are made from it too."""
    return f"{request.node.name[:60]}-{uuid.uuid4()}"
