"""The Python SDK's own tests: the checkout they come from, and a process for each of their files."""

import contextlib
import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

from sdk_report import read_outcomes, records

HERE = pathlib.Path(__file__).resolve().parent

VERSION = "1.32.0"
# The last commit before the release of 1.32.0; its pyproject.toml still has the version before. What counts is what
# the tests say, so they are known by their content: the digest of the folder `tests`.
COMMIT = "3a464f9bad56b49926f03aa7b421209dbaa784f8"
DIGEST = "eb3acc574b0795a190b0dfad066d539bc8c94b2a299ee61c3f591db20b4186c2"

PARTS = ("tests/worker", "tests/test_client.py", "tests/test_workflow.py")

# What the suite's conftest.py gives to the development server that it starts itself. Perdure has no such settings: what
# they switch on is always on, or not there. Only the first limit is another one in Perdure, 4,096 events
# (test_workflow_history_info expects 50).
DYNAMIC_CONFIG = (
    "limit.historyCount.suggestContinueAsNew=50",
    "system.forceSearchAttributesCacheRefreshOnRead=true",
    "system.enableEagerWorkflowStart=true",
    "frontend.enableExecuteMultiOperation=true",
    "frontend.workerVersioningWorkflowAPIs=true",
    "frontend.workerVersioningDataAPIs=true",
    "system.enableDeploymentVersions=true",
    "frontend.activityAPIsEnabled=true",
    "frontend.enableCancelWorkerPollsOnShutdown=true",
    "component.nexusoperations.recordCancelRequestCompletionEvents=true",
    "activity.enableStandalone=true",
    "activity.startDelayEnabled=true",
    "history.enableChasm=true",
    "history.enableTransitionHistory=true",
    "history.enableCHASMCallbacks=true",
    "history.enableCHASMSignalBacklinks=true",
    "nexusoperation.enableStandalone=true",
    'system.system.refreshNexusEndpointsMinWait="0s"',
    "history.enableSignalWithStartFromWorkflow=true",
    "history.enableUpdateCallbacks=true",
    "activity.enableCallbacks=true",
)
# A test that pytest does not end in time (it hangs in native code) is ended together with its process after this.
GRACE_SECONDS = 15
EXIT_SECONDS = 5
SHOW_SECONDS = 30


class NotTheSuite(Exception):
    """The folder is not what can be run; the text says why and what to do."""


def digest_of(folder):
    """One digest of the names and contents of all files below `folder` but what Python compiled."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            content = path.read_bytes()
            whole.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()


def check(checkout):
    """Raises NotTheSuite unless `checkout` holds the tests of VERSION."""
    advice = f"a checkout of temporalio/sdk-python at {VERSION} (commit {COMMIT[:12]}) is needed: --checkout DIR"
    if not checkout.is_dir():
        raise NotTheSuite(f"{checkout} is not a directory; {advice}")
    if not all((checkout / part).exists() for part in ("pyproject.toml", "tests/conftest.py", *PARTS)):
        raise NotTheSuite(f"{checkout} holds no tests of the Python SDK (tests/conftest.py, {', '.join(PARTS)}); {advice}")
    said = re.search(r'^version = "(.*)"$', (checkout / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    version = said[1] if said else "unknown"
    if version != VERSION and digest_of(checkout / "tests") != DIGEST:
        raise NotTheSuite(f"{checkout} is at version {version}, and its tests are not those of {VERSION}; {advice}")


def prepare(checkout, folder):
    """A copy of the tests without the SDK's sources, so that the installed SDK is what they import."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copytree(checkout / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(checkout / "pyproject.toml", folder)
    return folder


def files_of(suite, paths=PARTS):
    """The files with tests below the given paths, in a fixed order."""
    found = []
    for path in paths:
        if not (suite / path).exists():
            raise NotTheSuite(f"the suite has no {path}")
        below = sorted((suite / path).rglob("test_*.py")) if (suite / path).is_dir() else [suite / path]
        found += [name.relative_to(suite).as_posix() for name in below if "testmodules" not in name.parts]
    return found


class FileRun:
    """The tests of one file against one server: processes, one after the other, until each test has an outcome."""

    def __init__(self, suite, name, target, folder, outcomes, options):
        self.suite, self.name, self.target, self.outcomes, self.options = suite, name, target, outcomes, options
        stem = name.removesuffix(".py").replace("/", ".")
        self.results, self.skip, self.log = (folder / f"{stem}{suffix}" for suffix in (".jsonl", ".skip", ".log"))
        for path in (self.results, self.log):
            path.write_bytes(b"")
        self.shown = time.monotonic()
        self.deadline = self.shown + options.file_seconds

    def run(self):
        while self._run_process():
            pass
        self.skip.unlink()

    def _run_process(self):
        """One process for the tests that have no outcome yet. True: there are more for another."""
        self.skip.write_text("\n".join(self.outcomes.tests), encoding="utf-8")
        begin = self.results.stat().st_size
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                self._command(), cwd=self.suite, env=self._environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        try:
            problem = self._watch(process, begin)
        finally:
            end(process)
        if problem is None:
            problem = f"its process ended with {process.returncode} in the midst of it"
        return settle(self.name, self._found(begin), self.outcomes, problem, time.monotonic() > self.deadline)

    def _command(self):
        # Tracebacks are Python's own: pytest's parse the source, and CPython 3.11 can fail at that deep in a stack.
        only = ["-k", self.options.only] if self.options.only else []
        return [
            str(self.options.python), "-m", "pytest", "-p", "sdk_plugin", "-p", "no:cacheprovider", "-q", "--tb=native",
            "--timeout", str(self.options.test_seconds), "-E", self.target, *only, self.name,
        ]  # fmt: skip

    def _environment(self):
        ours = {"PYTHONPATH": str(HERE), "PERDURE_RESULTS": str(self.results), "PERDURE_SKIP": str(self.skip)}
        # Without Python's own settings: the sandbox imports the tests for each workflow, which takes seconds of compiling
        # if nothing may be written, and then the SDK takes its workflows for deadlocked.
        unwanted = ("TEMPORAL_", "PYTEST_", "PYTHON")
        return {key: value for key, value in os.environ.items() if not key.startswith(unwanted)} | ours

    def _found(self, begin):
        return records(self.results.read_bytes()[begin:].decode("utf-8", "replace"))

    def _watch(self, process, begin):
        """Waits for the process. Gives None, or why it has to be ended."""
        size, moved, limit = begin, time.monotonic(), self.options.test_seconds + GRACE_SECONDS
        while process.poll() is None:
            time.sleep(0.2)
            now = time.monotonic()
            if self.results.stat().st_size != size:
                size, moved = self.results.stat().st_size, now
                found = self._found(begin)
                self._show(found)
                if ended(found):
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(EXIT_SECONDS)
                    return None
            if now - moved > limit:
                return f"did not end within {limit} s; its process was ended"
            if now > self.deadline:
                return f"the {self.options.file_seconds} s of its file were over; its process was ended"
        return None

    def _show(self, found):
        """Where the file is: in place on a terminal, else a line now and then."""
        now, terminal = time.monotonic(), sys.stdout.isatty()
        if not terminal and now < self.shown + SHOW_SECONDS:
            return
        self.shown = now
        done = sum(test.startswith(f"{self.name}::") for test in self.outcomes.tests)
        done += sum(record["kind"] == "finish" for record in found)
        running = [record["test"].split("::", 1)[-1] for record in found if record["kind"] == "start"][-1:]
        line = f"  {self.name}: {done} done, now {''.join(running)}"[:118]
        print(f"\r\x1b[K{line}" if terminal else line, end="" if terminal else "\n", flush=True)


def settle(name, found, outcomes, problem, late):
    """Adds what a process of the file `name` wrote to `outcomes`; `problem` is what befell the test that has no end.
    `late`: no other process can follow. True: there are tests left for another process."""
    running = read_outcomes(found, outcomes)
    if running:
        outcomes.add(running, "failed", problem)
    collected = [test for record in found if record["kind"] == "collected" for test in record["tests"]]
    left = [test for test in collected if test not in outcomes.tests]
    if not collected and not ended(found):
        outcomes.add(name, "failed", f"no test could be run: {problem}")
    if left and not late and (running or any(record["kind"] == "finish" for record in found)):
        return True
    for test in left:
        outcomes.add(test, "failed", f"not run: {problem}")
    return False


def ended(found):
    return bool(found) and found[-1]["kind"] == "end"


def end(process):
    """Ends a process that leads a session of its own, with all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
