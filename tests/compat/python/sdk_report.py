"""From the lines that sdk_plugin.py wrote to outcomes, and from the outcomes on two services to a table."""

import json
import re

from sdk_groups import GROUPS, IN_SCOPE, group_of

OUTCOMES = ("passed", "failed", "skipped")
LINE_LIMIT = 200
MISSING = re.compile(r"(the \w+ )?\w+ is not (implemented|supported) by this version of Perdure|unknown method \w+")


class Outcomes:
    """The tests of one service: {node id: {"outcome", "seconds", "text"}}, in the order in which they ran."""

    def __init__(self, tests=None):
        self.tests = tests or {}

    def add(self, test, outcome, text="", seconds=0.0):
        """A test that failed in any of its phases has failed."""
        known = self.tests.get(test)
        if known is None or known["outcome"] != "failed":
            self.tests[test] = {"outcome": outcome, "seconds": seconds, "text": text}

    def joined(self, other):
        """What two runs say together: a test that failed in one of them has failed."""
        both = Outcomes(dict(self.tests))
        for test, known in other.tests.items():
            both.add(test, **known)
        return both

    def keep(self, tests):
        """Forgets all tests but the given ones."""
        self.tests = {test: known for test, known in self.tests.items() if test in tests}

    def split_failed(self):
        """(Outcomes of the tests that did not fail, Outcomes of those that did)"""
        failed = {test: known for test, known in self.tests.items() if known["outcome"] == "failed"}
        return Outcomes({test: known for test, known in self.tests.items() if test not in failed}), Outcomes(failed)

    def or_else(self, before):
        """These, and what was known before of tests that did not run."""
        return Outcomes({**{test: known for test, known in before.tests.items() if test not in self.tests}, **self.tests})

    def count(self, outcome, tests):
        return sum(self.tests[test]["outcome"] == outcome for test in tests if test in self.tests)


def records(text):
    """The records of a file of results; a last line that was cut off is left out."""
    found = []
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def read_outcomes(found, into):
    """Adds what `found` says to the Outcomes `into`. Gives the test that was begun and has no end, or None."""
    running = None
    for record in found:
        kind = record["kind"]
        if kind == "start":
            running = record["test"]
        elif kind == "outcome":
            into.add(record["test"], record["outcome"], record["text"])
        elif kind == "finish":
            running = None
            if record["test"] in into.tests:
                into.tests[record["test"]]["seconds"] = record["seconds"]
    return running


def first_line(text):
    """One line that tells most of a failure: what was raised and where; what Perdure does not have comes first."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = lines[0] if lines else "no reason given"
    missing = MISSING.search(text)
    if missing and missing[0] not in said:
        said = f"{missing[0]} ({said})"
    places = re.findall(r'^ *File "(?:.*/)?(tests/\S+\.py)", line (\d+), in test_', text, re.MULTILINE)
    place = f" [{places[-1][0]}:{places[-1][1]}]" if places else ""
    return said[: LINE_LIMIT - len(place)] + place


def only_on_temporal(temporal, perdure):
    """[(group, test, first line)] of what passes on Temporal and not on Perdure, what is in scope first."""
    found = []
    for test, outcome in perdure.tests.items():
        if outcome["outcome"] != "passed" and temporal.tests.get(test, {}).get("outcome") == "passed":
            found.append((group_of(test, outcome["text"]), test, first_line(outcome["text"])))
    return sorted(found, key=lambda row: GROUPS.index(row[0]))


def lost(temporal, perdure):
    """Tests that one service ran and the other did not: a difference that no count may hide."""
    return sorted(set(temporal.tests) ^ set(perdure.tests))


def rows(services):
    """[(title, tests)]: a row for each file with its tests in scope, one for each other group, the sum in scope, all."""
    grouped, files, perdure = {}, {}, services.get("perdure")
    for test in dict.fromkeys(test for outcomes in services.values() for test in outcomes.tests):
        failure = perdure.tests.get(test, {}).get("text", "") if perdure else ""
        group = group_of(test, failure)
        grouped.setdefault(group, []).append(test)
        if group == IN_SCOPE:
            files.setdefault(test.split("::")[0], []).append(test)
    table = list(files.items())
    table.append((f"all {IN_SCOPE}", grouped.get(IN_SCOPE, [])))
    table += [(f"apart: {group}", grouped[group]) for group in GROUPS if group != IN_SCOPE and group in grouped]
    table.append(("everything", [test for tests in grouped.values() for test in tests]))
    return table


def table(services):
    """The text of the table: passed, failed and skipped on each service, side by side."""
    lines = rows(services)
    width = max(len(title) for title, _ in lines)
    head = " " * width + "".join(f" | {name:^24}" for name in services)
    columns = " " * width + "".join(" | " + "".join(f"{outcome:>8}" for outcome in OUTCOMES) for _ in services)
    text = [head, columns, "-" * len(columns)]
    for title, tests in lines:
        counts = (" | " + "".join(f"{outcomes.count(outcome, tests):>8}" for outcome in OUTCOMES) for outcomes in services.values())
        text.append(f"{title:<{width}}" + "".join(counts))
    return "\n".join(text)
