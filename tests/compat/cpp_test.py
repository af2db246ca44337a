"""Runs one C++ program embedded, on Perdure's server and on a real Temporal, by its connection string alone."""

import subprocess
import uuid

from google.protobuf import json_format
from temporalio.api.history.v1 import History

from normalise import Normaliser, first_difference

LONGEST = 120  # seconds


def run_on(program, target, folder):
    """{name: what is compared} of the programs on one target."""
    prefix = f"cpp-{uuid.uuid4().hex[:8]}-"
    folder.mkdir(parents=True)
    subprocess.run([program, target, prefix, str(folder)], timeout=LONGEST, check=True)
    trees = {}
    for file in sorted(folder.glob("*.json")):
        normaliser = Normaliser(prefix)
        events = json_format.Parse(file.read_text(), History()).events
        trees[file.stem] = {
            "outcome": normaliser.text(file.with_suffix(".outcome").read_text()),
            "history": [normaliser.message(event) for event in events],
        }
    return trees


def compare_all(program, addresses, folder):
    """[(program on target, None or the first difference)]; the first address is right."""
    targets = {**addresses, "embedded": f"file:{folder / 'embedded-state'}"}
    trees = {name: run_on(program, target, folder / f"cpp-{name}") for name, target in targets.items()}
    right = next(iter(trees))
    outcomes = []
    for name, tree in trees.items():
        if name == right:
            continue
        for which in sorted(trees[right].keys() | tree.keys()):
            found = first_difference(trees[right].get(which), tree.get(which))
            outcomes.append((f"{which} on {name}", found))
            print(f"{which} on {name}: {found or 'the same'}", flush=True)
    return outcomes
