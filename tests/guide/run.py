"""Runs pytest and ends the process at once: run.py [PYTEST_ARGUMENT …]

The client library's native part sometimes aborts while the interpreter shuts down, after all tests are done. Leaving
with os._exit keeps the tests' own verdict.
"""
import os
import sys

import pytest

if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    verdict = pytest.main(["-c", os.path.join(here, "pytest.ini"), "--rootdir", here, "-p", "no:cacheprovider",
                           *(sys.argv[1:] or [here])])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(verdict))
