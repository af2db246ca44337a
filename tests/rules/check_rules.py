#!/usr/bin/env python3
"""The arrows of the design and the ban list, as tests. Usage: check_rules.py includes|bans|registered ROOT"""
import pathlib
import re
import sys

# room: rooms whose headers it may include (besides its own).
ARROWS = {
    "base": set(),
    "api": {"base", "perdure"},
    "engine": {"base", "api"},
    "matching": {"base"},
    "workflow": {"base", "api", "perdure"},
    "storage": {"base"},
    "visibility": {"base"},
    "runtime": {"base", "api", "engine", "matching", "storage"},
    "frontend": {"base", "api", "engine", "runtime", "visibility"},
    "client": {"base", "api", "perdure"},
    "guard": {"base", "workflow", "perdure"},
    "worker": {"base", "api", "workflow", "client", "guard", "perdure"},
    "sdk": {"base", "api", "workflow", "client", "worker", "frontend", "host", "runtime", "storage", "perdure"},
    "client_grpc": {"base", "api", "client", "perdure"},
    "host": {"base", "api", "frontend", "runtime", "storage", "perdure"},
    "testing": {"base", "api", "workflow", "client", "sdk", "frontend", "host", "runtime", "storage", "perdure"},
    "server": {"base", "api", "frontend", "host", "runtime"},
    "serve": {"base", "client", "host", "sdk", "server", "perdure"},
    "test_service": {"base", "api", "frontend", "runtime", "server"},
    "cli": {"base", "api", "storage", "host", "runtime", "server", "test_service"},
}

CORES = ("src/engine/", "src/matching/", "src/workflow/")
# (where, pattern, what to use instead)
BANS = [
    (CORES, r"#include <(thread|mutex|condition_variable|future|fstream|iostream|filesystem|random|unistd\.h|sqlite3\.h)>",
     "cores hold no thread, file or random source: take it as an input"),
    (CORES, r"\b(system_clock|steady_clock|high_resolution_clock)::now\b", "cores hold no clock: take Timestamp as an input"),
    (CORES, r"\bstd::unordered_(map|set)\b", "iteration order of unordered containers reaches output sooner or later: std::map"),
    (CORES, r"\b(rand|random_device|getenv|time|gettimeofday|clock_gettime)\(", "cores call nothing of the outside"),
    (("src/",), r"\bstd::(cout|cerr)\b", "libraries do not print: return a Status"),
    (("include/",), r"\.pb\.h|grpcpp|google/protobuf", "public headers are free of generated code and gRPC"),
    (tuple(f"src/{room}/" for room in ARROWS if room not in ("client_grpc", "server")), r"#include <grpc",
     "gRPC stays in client_grpc and server: an embedded program has none of it"),
    (("src/", "include/", "sim/", "apps/"), r"\bassert\(", "perdure::check(): it stays on in release"),
    (("src/", "include/"), r"\busing namespace std;", "write std::"),
    (("src/", "sim/"), r"\bSerializeAsString\(|\bSerializeToString\(", "api::serialize(): the same message gives the same bytes"),
    (("tests/", "src/", "sim/", "include/"), r"\bsleep_for\(|\bsleep_until\(|\busleep\(|\bnanosleep\(", "no sleeps: time is an input, waiting is on an event"),
]
# A line that needs an exception says `perdure-allow: reason` in its comment.


def sources(root, *folders):
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".h", ".cc"):
                yield path


def strip_comments(text):
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.S)
    return re.sub(r"//[^\n]*", "", text)


def check_includes(root):
    rooms = set(ARROWS)
    for path in sources(root, "src", "include"):
        relative = path.relative_to(root)
        room = relative.parts[1]
        allowed = ARROWS.get(room, set()) | {room}
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'\s*#include ["<]([a-z_0-9]+)/', line)
            target = match.group(1) if match else None
            if target in rooms | {"perdure"} and target not in allowed:
                if target == "perdure" and "perdure/state/" in line and room in ("engine", "cli"):
                    continue
                yield f"{relative}:{number}: {room} may not include {target} (docs: ARCHITECTURE.md, code map)"


def check_bans(root):
    for path in sources(root, "src", "include", "sim", "apps", "tests"):
        relative = str(path.relative_to(root))
        code = strip_comments(path.read_text())
        for places, pattern, instead in BANS:
            if not relative.startswith(places):
                continue
            for match in re.finditer(pattern, code):
                if "perdure-allow" in path.read_text().splitlines()[code[:match.start()].count("\n")]:
                    continue
                line = code[: match.start()].count("\n") + 1
                yield f"{relative}:{line}: `{match.group(0)}` is banned here. {instead}"


def check_registered(root):
    """A test file that no build file names would never run."""
    for path in sources(root, "tests"):
        if not path.name.endswith("_test.cc"):
            continue
        text = ""
        for folder in path.parents:
            if (folder / "CMakeLists.txt").exists():
                text += (folder / "CMakeLists.txt").read_text()
            if folder == root:
                break
        if path.name not in text and "GLOB" not in (path.parent / "CMakeLists.txt").read_text():
            yield f"{path.relative_to(root)}: no CMakeLists.txt registers it"


def main():
    which, root = sys.argv[1], pathlib.Path(sys.argv[2])
    findings = list({"includes": check_includes, "bans": check_bans, "registered": check_registered}[which](root))
    print("\n".join(findings) or f"{which}: nothing found")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
