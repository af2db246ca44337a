#!/usr/bin/env python3
"""Kills the catalog at least 20 times, each while an activity is pending, half of them after 25 % progress.

The manifest must equal that of an undisturbed run, the first run id must persist, and files may be measured again only
as often as a kill can have lost: fewer executions than files + kills x slots.
Usage: kill_test.py CATALOG PERDURE FOLDER
"""
import json
import pathlib
import random
import shutil
import subprocess
import sys

FILES = 2500
SLOTS = 4
KILLS = 24


def make_tree(folder):
    rng = random.Random(20)
    for number in range(FILES):
        path = folder / f"d{number % 17}" / f"e{number % 5}.d" / f"file {number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rng.randbytes(rng.randrange(0, 40_000)))


def lines(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def start(catalog, tree, state, out, count):
    return subprocess.Popen(
        [catalog, tree, "--state", state, "--out", out, "--count", count, "--slots", str(SLOTS), "--page-size", "250"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def first_run_id(output):
    found = [line.split()[-1] for line in output.splitlines() if line.startswith("first run id ")]
    return found[0] if found else None


def pending_activities(perdure, state):
    """From the stopped directory itself, not from what the killed program believed."""
    listing = subprocess.run([perdure, "state", state, "--json"], capture_output=True, text=True, check=True)
    return sum(item["kind"] == "activity" for run in json.loads(listing.stdout)["runs"] for item in run["pending"])


def main():
    catalog, perdure, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    shutil.rmtree(folder, ignore_errors=True)
    tree = folder / "tree"
    make_tree(tree)

    quiet = start(catalog, tree, folder / "quiet-state", folder / "quiet.txt", folder / "quiet.count")
    quiet.communicate()
    assert quiet.returncode == 0
    assert lines(folder / "quiet.count") == FILES, lines(folder / "quiet.count")

    state, out, count = folder / "state", folder / "manifest.txt", folder / "count"
    run_ids, pending_kills, late_kills, kills = set(), 0, 0, 0
    while kills < 200 and (pending_kills < KILLS or late_kills < KILLS // 2):
        # Spread over the whole job, so that most kills come after a quarter of it.
        target = lines(count) + FILES // (KILLS + 8)
        process = start(catalog, tree, state, out, count)
        output = process.stdout.readline() + process.stdout.readline()
        while lines(count) < target and process.poll() is None:
            pass
        assert process.poll() is None, f"the catalog ended before kill {kills + 1}"
        progress = lines(count)
        process.kill()
        output += process.communicate()[0]
        kills += 1
        run_ids.add(first_run_id(output))
        if pending_activities(perdure, state) > 0:
            pending_kills += 1
            late_kills += progress > FILES // 4

    last = start(catalog, tree, state, out, count)
    output = last.communicate()[0]
    assert last.returncode == 0
    run_ids.add(first_run_id(output))

    executions = lines(count)
    print(f"{kills} kills, {pending_kills} with an activity pending, {late_kills} of these after 25 %; "
          f"{executions} executions for {FILES} files (bound {FILES + kills * SLOTS})")
    assert pending_kills >= 20 and late_kills >= 10
    assert len(run_ids) == 1 and None not in run_ids, run_ids
    assert out.read_bytes() == (folder / "quiet.txt").read_bytes(), "the manifests differ"
    assert executions < FILES + kills * SLOTS
    again = subprocess.run([perdure, "fsck", state], capture_output=True, text=True)
    assert again.returncode == 0, again.stdout + again.stderr
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
