#!/usr/bin/env python3
"""./dev compat python: the Python SDK's own tests against Perdure and against a real Temporal, side by side.

    run.py --checkout DIR [--only EXPR] [--perdure-only | --temporal-only] [PATH …]

Each file of tests is a pytest process of its own, one at a time. Their results and logs, and those of the servers, stay
in build/compat-python. Ends with 0 when all that passes on Temporal and is in scope passes on Perdure, else with 1.
"""

import argparse
import json
import pathlib
import shutil
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE), str(HERE.parent), str(ROOT / "tests/python")]

import perdure_server  # noqa: E402
from sdk_groups import IN_SCOPE  # noqa: E402
from sdk_report import Outcomes, lost, only_on_temporal, table  # noqa: E402
from sdk_suite import DYNAMIC_CONFIG, PARTS, VERSION, FileRun, NotTheSuite, check, files_of, prepare  # noqa: E402
from temporal_server import Temporal  # noqa: E402

FOLDER = ROOT / "build/compat-python"


def parse():
    parser = argparse.ArgumentParser(prog="./dev compat python", description=f"runs the tests of the Python SDK {VERSION}")
    parser.add_argument("--checkout", type=pathlib.Path, required=True, metavar="DIR", help="of temporalio/sdk-python")
    parser.add_argument("--only", metavar="EXPR", help="the tests that pytest's -k EXPR selects")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--perdure-only", action="store_true", help="beside what was last recorded of Temporal")
    one.add_argument("--temporal-only", action="store_true", help="only record what Temporal does")
    one.add_argument("--recorded", action="store_true", help="run nothing, compare what was last recorded of both")
    parser.add_argument("--again", action="store_true", help="only what failed the last time; the rest as recorded")
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="on Perdure; a test has to pass in each (1)")
    parser.add_argument("--perdure", default=str(ROOT / "build/release/bin/perdure"), metavar="PROGRAM")
    parser.add_argument("--temporal", default=str(ROOT / "build/python-venv/bin/temporal"), metavar="PROGRAM")
    parser.add_argument("--python", default=str(ROOT / "build/python-sdk-venv/bin/python"), help="has the SDK and pytest")
    parser.add_argument("--test-seconds", type=int, default=60, help="the time limit of a test (60, as the suite has it)")
    parser.add_argument("--file-seconds", type=int, default=1800, help="the time limit of a file (1800)")
    parser.add_argument("--folder", type=pathlib.Path, default=FOLDER, help="for results and logs (build/compat-python)")
    parser.add_argument("--check", action="store_true", help="only look whether the checkout can be used")
    parser.add_argument("paths", nargs="*", default=PARTS, metavar="PATH", help=f"({' '.join(PARTS)})")
    return parser.parse_args()


def start_temporal(options, folder):
    server = Temporal(options.temporal, folder, DYNAMIC_CONFIG)
    return server, lambda: server.stop()


def start_perdure(options, folder):
    perdure_server.PROGRAM = options.perdure
    server = perdure_server.Server(folder, "--metrics-address", "").start()

    def stop():
        code = server.stop()
        if code != 0:
            print(f"perdure server ended with {code}, see {server.log}", flush=True)

    return server, stop


def run_all(service, start, suite, options):
    """All files on one service. Gives the Outcomes."""
    folder = options.folder / service
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = options.folder / f"{service}.json"
    outcomes, failed, names = Outcomes(), Outcomes(), files_of(suite, options.paths)
    if options.again:
        outcomes, failed = recorded(path).split_failed()
        names = [name for name in names if any(test.split("::")[0] == name for test in failed.tests)]
    server, stop = start(options, folder)
    try:
        for name in names:
            begun, known = time.monotonic(), len(outcomes.tests)
            FileRun(suite, name, server.target, folder, outcomes, options).run()
            ran = list(outcomes.tests)[known:]
            counts = ", ".join(f"{outcomes.count(kind, ran)} {kind}" for kind in ("passed", "failed", "skipped"))
            clear = "\r\x1b[K" if sys.stdout.isatty() else ""
            print(f"{clear}{service:8} {name}: {counts} in {time.monotonic() - begun:.0f} s", flush=True)
            record(outcomes.or_else(failed), path)
    finally:
        stop()
    return outcomes.or_else(failed)


def record(outcomes, path):
    path.write_text(json.dumps(outcomes.tests, indent=1), encoding="utf-8")


def recorded(path):
    """The Outcomes of the last run; none if there was none."""
    return Outcomes(json.loads(path.read_text(encoding="utf-8")) if path.exists() else {})


def compare(services):
    """Prints the table and the list. Gives the number of tests in scope that only Temporal passes."""
    print(f"\n{table(services)}\n")
    if len(services) < 2:
        return 0
    temporal, perdure = services["temporal"], services["perdure"]
    if alone := lost(temporal, perdure):
        print(f"{len(alone)} tests ran on one service only, such as {alone[0]}")
    found = only_on_temporal(temporal, perdure)
    for group, test, line in found:
        print(f"only Temporal passes ({group}): {test}\n    {line}")
    missed = sum(group == IN_SCOPE for group, _, _ in found)
    print(f"{missed} tests in scope pass on Temporal and not on Perdure, {len(found) - missed} of what is apart")
    return missed


def main():
    options = parse()
    # Whoever ends this ends the servers and the tests with it.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        check(options.checkout)
        if options.check:
            return 0
        suite = prepare(options.checkout, options.folder / "suite")
        files_of(suite, options.paths)
    except NotTheSuite as problem:
        print(f"./dev compat python: {problem}", file=sys.stderr)
        return 2
    services = {name: recorded(options.folder / f"{name}.json") for name in ("temporal", "perdure")}
    if not (options.perdure_only or options.recorded):
        services["temporal"] = run_all("temporal", start_temporal, suite, options)
    if not (options.temporal_only or options.recorded):
        for number in range(options.runs):
            outcomes = run_all("perdure", start_perdure, suite, options)
            services["perdure"] = services["perdure"].joined(outcomes) if number else outcomes
        record(services["perdure"], options.folder / "perdure.json")
    if options.temporal_only:
        del services["perdure"]
    elif options.perdure_only:
        services["temporal"].keep(services["perdure"].tests)
    services = {name: outcomes for name, outcomes in services.items() if outcomes.tests}
    if not services:
        print("./dev compat python: no test was selected, or nothing is recorded", file=sys.stderr)
        return 2
    return int(compare(services) > 0)


if __name__ == "__main__":
    sys.exit(main())
