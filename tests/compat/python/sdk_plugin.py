"""A pytest plugin for a process that runs one file of the suite: each outcome becomes a line of JSON as soon as it is
known, so that nothing is lost when the process aborts or has to be ended.

PERDURE_RESULTS names the file of results, PERDURE_SKIP a file with the node ids that are not to run any more.
"""

import json
import os
import pathlib
import time

TEXT_LIMIT = 8000


class Recorder:
    def __init__(self, results, skipped):
        self.file = results.open("a", encoding="utf-8")
        self.skipped = skipped
        self.started = {}
        self.session = None

    def write(self, **record):
        self.file.write(json.dumps(record) + "\n")
        self.file.flush()

    def pytest_sessionstart(self, session):
        self.session = session

    def pytest_collection_modifyitems(self, config, items):
        dropped = [item for item in items if item.nodeid in self.skipped]
        items[:] = [item for item in items if item.nodeid not in self.skipped]
        config.hook.pytest_deselected(items=dropped)

    def pytest_collection_finish(self, session):
        self.write(kind="collected", tests=[item.nodeid for item in session.items])

    def pytest_collectreport(self, report):
        if report.failed:
            self.write(kind="outcome", test=report.nodeid, outcome="failed", text=reason_of(report))

    def pytest_runtest_logstart(self, nodeid, location):
        self.started[nodeid] = time.monotonic()
        self.write(kind="start", test=nodeid)

    def pytest_runtest_logreport(self, report):
        if report.when != "call" and report.passed:
            return
        text = "" if report.passed else reason_of(report)
        self.write(kind="outcome", test=report.nodeid, outcome=report.outcome, text=text)
        if "Timeout (>" in text[:200]:
            # The time limit breaks out of the event loop and leaves its workers in it: what follows gets a new process.
            self.session.shouldstop = "a test did not end in time"

    def pytest_runtest_logfinish(self, nodeid, location):
        self.write(kind="finish", test=nodeid, seconds=round(time.monotonic() - self.started[nodeid], 2))

    def pytest_sessionfinish(self):
        self.write(kind="end")


def reason_of(report):
    """What pytest's summary would say, then all of the report; for a skipped test only the reason."""
    if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
        return report.longrepr[2]
    crash = getattr(report.longrepr, "reprcrash", None)
    whole = report.longreprtext + "".join(f"\n---- {name}\n{text[-TEXT_LIMIT // 2 :]}" for name, text in report.sections)
    return (f"{crash.message}\n" if crash else "") + whole[-TEXT_LIMIT:]


def pytest_configure(config):
    results = pathlib.Path(os.environ["PERDURE_RESULTS"])
    skipped = pathlib.Path(os.environ["PERDURE_SKIP"]).read_text(encoding="utf-8").splitlines()
    config.pluginmanager.register(Recorder(results, set(skipped)), "perdure-recorder")
