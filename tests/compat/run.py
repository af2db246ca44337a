#!/usr/bin/env python3
"""./dev compat: is Perdure the same as a real Temporal?

    run.py [--perdure PROGRAM] [--temporal PROGRAM] [--seeds COUNT] [--steps COUNT] [--only programs,cpp,requests,cli]

Starts both services on free loopback ports with files under build/compat, runs one set of programs on both, asks both
the same random requests, runs the `temporal` CLI against Perdure, and prints what was found.
"""

import argparse
import asyncio
import os
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent / "python")]

import cli_test  # noqa: E402
import cpp_test  # noqa: E402
import differential  # noqa: E402
import program_test  # noqa: E402
from perdure_server import Server, free_port  # noqa: E402
from temporal_server import Temporal  # noqa: E402


def compare_requests(addresses, seeds, steps):
    outcomes = []
    for seed in seeds:
        run = differential.Run(seed, list(addresses.values()), list(addresses))
        try:
            asked = run.go(steps)
            outcomes.append((f"seed {seed}, {asked} requests", None))
        except differential.Difference as difference:
            outcomes.append((f"seed {seed}, {steps} requests", str(difference)))
        finally:
            run.close()
        print(f"{outcomes[-1][0]}: {outcomes[-1][1] or 'the same'}", flush=True)
    return outcomes


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--perdure", default=str(ROOT / "build/release/bin/perdure"))
    parser.add_argument("--cpp", default=str(ROOT / "build/release/bin/perdure-compat-programs"))
    parser.add_argument("--temporal", default=str(ROOT / "build/python-venv/bin/temporal"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--only", default="programs,cpp,requests,cli")
    arguments = parser.parse_args()
    os.environ["PERDURE_PROGRAM"] = arguments.perdure
    folder = ROOT / "build/compat"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    table = {}
    temporal = Temporal(arguments.temporal, folder)
    try:
        perdure = Server(folder, "--metrics-address", f"127.0.0.1:{free_port()}").start()
        try:
            addresses = {"temporal": temporal.target, "perdure": perdure.target}
            if "programs" in arguments.only:
                table["programs"] = asyncio.run(program_test.compare_all(addresses))
            if "cpp" in arguments.only:
                table["cpp"] = cpp_test.compare_all(arguments.cpp, addresses, folder)
            if "requests" in arguments.only:
                seeds = range(arguments.seed, arguments.seed + arguments.seeds)
                table["requests"] = compare_requests(addresses, seeds, arguments.steps)
            if "cli" in arguments.only:
                table["cli"] = cli_test.run(arguments.temporal, perdure.target)
        finally:
            code = perdure.stop()
            table["server"] = [("perdure server ends cleanly", None if code == 0 else f"exit {code}")]
    finally:
        temporal.stop()
    print()
    for part, outcomes in table.items():
        bad = [name for name, problem in outcomes if problem]
        print(f"{part:10} {len(outcomes) - len(bad)} of {len(outcomes)} the same" + (f"; not: {', '.join(bad)}" if bad else ""))
    return any(problem for outcomes in table.values() for _, problem in outcomes)


if __name__ == "__main__":
    verdict = main()
    sys.stdout.flush()
    os._exit(int(verdict))  # the SDK's native part sometimes aborts while the interpreter shuts down
