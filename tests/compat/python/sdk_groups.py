"""What each test of the suite is about, so that what is not in scope yet is reported apart."""

import re

IN_SCOPE = "in scope"

# Group: the names of its tests. The first that fits counts; what none fits is in scope.
BY_NAME = {
    "Nexus": r"(?i)nexus",
    "standalone activities": r"standalone_activity",
    "schedules": r"test_schedule_|_schedule_action\b",
    "list and count": r"test_list_workflows|test_count_workflows|test_replayer_multiple_from_client",
    "search attributes": r"search_attribute",
    "worker versioning": r"(?i)deployment|versioning|build_id|version_upgrade|ramping_version",
}

# Group: methods it needs. A test that failed since one of them is not there belongs to the group as well.
BY_METHOD = {
    "Nexus": r"\w*Nexus\w*",
    "standalone activities": r"(Start|Describe|Poll|List|Count|Terminate|RequestCancel|Delete)Activity(Execution|Executions)",
    "schedules": r"\w*Schedules?|\w*ScheduleMatchingTimes",
    "list and count": r"(List|Count|Scan|ListOpen|ListClosed|ListArchived)Workflow(Execution|Executions)",
    "search attributes": r"\w*SearchAttributes",
    "worker versioning": r"\w*(WorkerBuildId\w*|WorkerDeployment\w*|WorkerVersioning\w*|TaskReachability)",
}
MISSING_METHOD = re.compile(r"\b[A-Z]\w+(?= is not implemented by this version of Perdure)|(?<=unknown method )\w+")

GROUPS = (IN_SCOPE, *BY_NAME)


def group_of(test, failure=""):
    """The group of a test, by its node id and by what it said when it failed on Perdure."""
    name = test.split("::", 1)[-1]
    for group, pattern in BY_NAME.items():
        if re.search(pattern, name):
            return group
    for method in MISSING_METHOD.findall(failure):
        for group, pattern in BY_METHOD.items():
            if re.fullmatch(pattern, method):
                return group
    return IN_SCOPE
