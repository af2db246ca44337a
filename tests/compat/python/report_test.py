"""./dev compat python without servers: every test of the suite must get an outcome, whatever becomes of its process."""

import os
import pathlib
import subprocess
import sys
import types

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import sdk_suite  # noqa: E402
from sdk_groups import IN_SCOPE, group_of  # noqa: E402
from sdk_report import Outcomes, first_line, lost, only_on_temporal, read_outcomes, records, rows, table  # noqa: E402

FILE = "tests/test_some.py"


def ids(*names):
    return [f"{FILE}::{name}" for name in names]


def outcomes_of(**tests):
    """passed, failed or skipped for each test; a failed one says its own name."""
    made = Outcomes()
    for name, outcome in tests.items():
        made.add(f"{FILE}::{name}", outcome, f"E: {name}" if outcome == "failed" else "")
    return made


def told(made):
    return {test.split("::")[-1]: outcome["outcome"] for test, outcome in made.tests.items()}


# What the plugin writes.

SUITE = """
import pytest
def test_passes(): print("said")
def test_fails():
    print("Rust says so")
    assert 1 == 2, "one is not two"
def test_skips(): pytest.skip("no need")
@pytest.fixture
def broken(): raise RuntimeError("no fixture")
def test_has_no_fixture(broken): pass
@pytest.fixture
def untidy():
    yield
    raise RuntimeError("not tidied")
def test_leaves_things(untidy): pass
def test_does_not_end(): pytest.fail("Timeout (>1.0s) from pytest-timeout.")
def test_comes_later(): pass
"""


def run_plugin(folder, skipped=()):
    folder.mkdir(exist_ok=True)
    (folder / "test_some.py").write_text(SUITE)
    (folder / "skip").write_text("\n".join(skipped))
    environment = os.environ | {
        "PYTHONPATH": str(HERE), "PERDURE_RESULTS": str(folder / "results"), "PERDURE_SKIP": str(folder / "skip")
    }  # fmt: skip
    command = [sys.executable, "-m", "pytest", "-p", "sdk_plugin", "-p", "no:cacheprovider", "-q", "--tb=native", "test_some.py"]
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False, timeout=60)
    return records((folder / "results").read_text())


def test_the_plugin_tells_each_outcome_and_stops_after_a_test_that_did_not_end(tmp_path):
    found = run_plugin(tmp_path)
    made = Outcomes()
    assert read_outcomes(found, made) is None
    assert told(made) == {
        "test_passes": "passed", "test_fails": "failed", "test_skips": "skipped", "test_has_no_fixture": "failed",
        "test_leaves_things": "failed", "test_does_not_end": "failed",
    }  # fmt: skip
    reasons = {test.split("::")[-1]: outcome["text"] for test, outcome in made.tests.items()}
    assert reasons["test_fails"].startswith("AssertionError: one is not two\n")
    assert "Rust says so" in reasons["test_fails"]
    assert reasons["test_skips"] == "Skipped: no need"
    assert reasons["test_leaves_things"].startswith("RuntimeError: not tidied")
    assert found[-1] == {"kind": "end"}


def test_the_plugin_leaves_out_what_has_an_outcome(tmp_path):
    first = run_plugin(tmp_path / "first")
    done = [record["test"] for record in first if record["kind"] == "finish"]
    made = Outcomes()
    read_outcomes(run_plugin(tmp_path / "second", done), made)
    assert told(made) == {"test_comes_later": "passed"}


def test_a_file_that_cannot_be_imported_has_failed(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "SUITE", "import no_such_module")
    made = Outcomes()
    read_outcomes(run_plugin(tmp_path), made)
    assert [(test, outcome["outcome"]) for test, outcome in made.tests.items()] == [("test_some.py", "failed")]
    assert "no_such_module" in made.tests["test_some.py"]["text"]


# Records to outcomes.


def test_a_line_that_was_cut_off_is_left_out():
    assert records('{"kind": "start", "test": "a"}\n{"kind": "outc') == [{"kind": "start", "test": "a"}]


def test_a_failure_stays_one_whatever_the_other_phases_say():
    made = outcomes_of(a="failed")
    made.add(ids("a")[0], "passed")
    assert told(made) == {"a": "failed"}


def test_a_test_has_to_pass_in_each_of_several_runs():
    first, second = outcomes_of(a="passed", b="failed", c="passed"), outcomes_of(a="passed", b="passed", c="failed", d="skipped")
    assert told(first.joined(second)) == {"a": "passed", "b": "failed", "c": "failed", "d": "skipped"}
    assert told(first) == {"a": "passed", "b": "failed", "c": "passed"}


def test_of_what_was_recorded_only_the_tests_that_ran_are_compared():
    made = outcomes_of(a="passed", b="failed", c="skipped")
    made.keep(ids("c", "a", "new"))
    assert told(made) == {"a": "passed", "c": "skipped"}


def test_what_failed_can_be_run_again_beside_the_rest():
    rest, failed = outcomes_of(a="passed", b="failed", c="skipped", d="failed").split_failed()
    assert (told(rest), told(failed)) == ({"a": "passed", "c": "skipped"}, {"b": "failed", "d": "failed"})
    rest.add(ids("b")[0], "passed")
    assert told(rest.or_else(failed)) == {"a": "passed", "b": "passed", "c": "skipped", "d": "failed"}


def begun(*names, finished=()):
    found = [{"kind": "collected", "tests": ids("a", "b", "c")}]
    for name in names:
        found.append({"kind": "start", "test": ids(name)[0]})
        if name in finished:
            found.append({"kind": "outcome", "test": ids(name)[0], "outcome": "passed", "text": ""})
            found.append({"kind": "finish", "test": ids(name)[0], "seconds": 1.5})
    return found


def test_a_test_in_whose_midst_the_process_ended_has_failed_and_the_others_follow():
    made = Outcomes()
    assert sdk_suite.settle(FILE, begun("a", "b", finished="a"), made, "aborted", late=False)
    assert told(made) == {"a": "passed", "b": "failed"}
    assert made.tests[ids("b")[0]]["text"] == "aborted"
    assert made.tests[ids("a")[0]]["seconds"] == 1.5


def test_what_the_time_of_a_file_did_not_suffice_for_has_failed():
    made = Outcomes()
    assert not sdk_suite.settle(FILE, begun("a", "b", finished="a"), made, "time over", late=True)
    assert told(made) == {"a": "passed", "b": "failed", "c": "failed"}
    assert made.tests[ids("c")[0]]["text"] == "not run: time over"


def test_a_process_that_runs_nothing_is_not_started_for_ever():
    made = Outcomes()
    assert not sdk_suite.settle(FILE, begun(), made, "ended with 1", late=False)
    assert told(made) == {"a": "failed", "b": "failed", "c": "failed"}


def test_a_process_that_does_not_even_collect_is_a_failure_of_its_file():
    made = Outcomes()
    assert not sdk_suite.settle(FILE, [], made, "ended with 4", late=False)
    assert made.tests == {FILE: {"outcome": "failed", "seconds": 0.0, "text": "no test could be run: ended with 4"}}


def test_a_file_of_which_nothing_is_selected_has_no_outcome():
    made = Outcomes()
    found = [{"kind": "collected", "tests": []}, {"kind": "end"}]
    assert not sdk_suite.settle(FILE, found, made, "ended with 5", late=False)
    assert made.tests == {}


# The processes of a file.

STAND_IN = """#!{python}
# In the place of the Python that runs pytest: `aborts` ends its process, `hangs` never ends.
import json, os, signal
results, skip = open(os.environ["PERDURE_RESULTS"], "a"), open(os.environ["PERDURE_SKIP"]).read().split()
def write(**record):
    print(json.dumps(record), file=results, flush=True)
tests = [test for test in ("{file}::" + name for name in ("first", "aborts", "hangs", "last")) if test not in skip]
write(kind="collected", tests=tests)
for test in tests:
    write(kind="start", test=test)
    if test.endswith("aborts"):
        os._exit(134)
    while test.endswith("hangs"):
        signal.pause()
    write(kind="outcome", test=test, outcome="passed", text="")
    write(kind="finish", test=test, seconds=0)
write(kind="end")
os.abort()  # as the SDK's native part sometimes does when the interpreter ends
"""


def test_each_test_gets_an_outcome_though_processes_abort_and_hang(tmp_path, monkeypatch):
    monkeypatch.setattr(sdk_suite, "GRACE_SECONDS", 0)
    stand_in = tmp_path / "python"
    stand_in.write_text(STAND_IN.format(python=sys.executable, file=FILE))
    stand_in.chmod(0o700)
    options = types.SimpleNamespace(python=stand_in, only=None, test_seconds=2, file_seconds=50)
    made = Outcomes()
    sdk_suite.FileRun(tmp_path, FILE, "127.0.0.1:1", tmp_path, made, options).run()
    assert told(made) == {"first": "passed", "aborts": "failed", "hangs": "failed", "last": "passed"}
    assert made.tests[ids("aborts")[0]]["text"] == "its process ended with 134 in the midst of it"
    assert made.tests[ids("hangs")[0]]["text"] == "did not end within 2 s; its process was ended"


# The checkout.


def checkout(folder, version="1.30.0"):
    for name in ("worker", ""):
        (folder / "tests" / name).mkdir(parents=True, exist_ok=True)
    for name in ("conftest.py", "test_client.py", "test_workflow.py", "worker/test_b.py", "worker/test_a.py"):
        (folder / "tests" / name).write_text(f"# {name}\n")
    (folder / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n')
    return folder


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda folder: folder / "nowhere", "is not a directory"),
        (lambda folder: folder, "holds no tests of the Python SDK"),
        (checkout, "is at version 1.30.0, and its tests are not those of 1.32.0"),
    ],
)
def test_what_is_not_the_suite_is_refused_with_what_to_do(tmp_path, make, said):
    with pytest.raises(sdk_suite.NotTheSuite) as refused:
        sdk_suite.check(make(tmp_path))
    assert said in str(refused.value)
    assert "commit 3a464f9bad56" in str(refused.value)


def test_the_tests_are_known_by_their_version_or_by_their_content(tmp_path, monkeypatch):
    sdk_suite.check(checkout(tmp_path / "released", "1.32.0"))
    before = checkout(tmp_path / "before")
    monkeypatch.setattr(sdk_suite, "DIGEST", sdk_suite.digest_of(before / "tests"))
    sdk_suite.check(before)
    (before / "tests/test_client.py").write_text("# changed\n")
    with pytest.raises(sdk_suite.NotTheSuite):
        sdk_suite.check(before)


def test_the_copy_has_no_sources_of_the_sdk_and_its_files_have_an_order(tmp_path):
    source = checkout(tmp_path / "source")
    (source / "temporalio").mkdir()
    suite = sdk_suite.prepare(source, tmp_path / "suite")
    assert sorted(path.name for path in suite.iterdir()) == ["pyproject.toml", "tests"]
    worker = ["tests/worker/test_a.py", "tests/worker/test_b.py"]
    assert sdk_suite.files_of(suite) == [*worker, "tests/test_client.py", "tests/test_workflow.py"]
    with pytest.raises(sdk_suite.NotTheSuite, match="no tests/nothing"):
        sdk_suite.files_of(suite, ["tests/nothing"])


# Groups and the table.


@pytest.mark.parametrize(
    "name, failure, group",
    [
        ("test_signal", "", IN_SCOPE),
        ("test_signal", "QueryWorkflow is not implemented by this version of Perdure", IN_SCOPE),
        ("test_worker_with_Nexus_service", "", "Nexus"),
        ("test_store_metadata_standalone_activity", "", "standalone activities"),
        ("test_schedule_basics", "", "schedules"),
        ("test_count_workflows", "", "list and count"),
        ("test_signal", "RPCError: ListWorkflowExecutions is not implemented by this version of Perdure", "list and count"),
        ("test_signal", "RPCError: unknown method ListSearchAttributes", "search attributes"),
        ("test_signal", "AddSearchAttributes is not implemented by this version of Perdure", "search attributes"),
        ("test_signal", "ListActivityExecutions is not implemented by this version of Perdure", "standalone activities"),
        ("test_worker_deployment_ramp", "", "worker versioning"),
    ],
)
def test_a_test_belongs_to_the_group_of_its_name_or_of_the_method_it_lacked(name, failure, group):
    assert group_of(f"{FILE}::{name}", failure) == group


def test_a_failure_is_told_in_one_line_with_its_place():
    where = ('suite/tests/test_some.py", line 34, in test_some', 'suite/tests/helpers/__init__.py", line 12, in helper')
    text = "AssertionError: no\nmore\n" + "".join(f'  File "/build/{place}\n    await something()\n' for place in where)
    assert first_line(text) == "AssertionError: no [tests/test_some.py:34]"
    assert first_line("") == "no reason given"
    assert len(first_line("x" * 1000)) == 200


def test_what_perdure_lacks_is_told_first():
    text = 'Failed: Timeout (>60.0s)\n---- stderr\nmessage: "BadAttributes: the command Fly is not supported by this version of Perdure"'
    assert first_line(text) == "the command Fly is not supported by this version of Perdure (Failed: Timeout (>60.0s))"


def test_only_what_passes_on_temporal_and_not_on_perdure_is_listed():
    temporal = outcomes_of(both="passed", neither="failed", test_schedule_x="passed", ours="failed", theirs="passed", gone="passed")
    perdure = outcomes_of(both="passed", neither="failed", test_schedule_x="failed", ours="passed", theirs="skipped", new="passed")
    listed = [(group, test.split("::")[-1], line) for group, test, line in only_on_temporal(temporal, perdure)]
    assert listed == [(IN_SCOPE, "theirs", "no reason given"), ("schedules", "test_schedule_x", "E: test_schedule_x")]
    assert lost(temporal, perdure) == ids("gone", "new")


def test_the_table_counts_each_test_in_its_row():
    temporal = outcomes_of(a="passed", b="passed", c="skipped", test_schedule_x="passed")
    perdure = outcomes_of(a="passed", b="failed", c="skipped", test_schedule_x="failed")
    perdure.tests[ids("b")[0]]["text"] = "ListWorkflowExecutions is not implemented by this version of Perdure"
    services = {"temporal": temporal, "perdure": perdure}
    assert [(title, len(tests)) for title, tests in rows(services)] == [
        (FILE, 2), ("all in scope", 2), ("apart: schedules", 1), ("apart: list and count", 1), ("everything", 4),
    ]  # fmt: skip
    counts = {line.split(" | ")[0].strip(): line.split()[-7:] for line in table(services).splitlines()[3:]}
    assert counts["everything"] == ["3", "0", "1", "|", "1", "2", "1"]
    assert counts["apart: list and count"] == ["1", "0", "0", "|", "0", "1", "0"]


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", "-p", "no:cacheprovider"]))
