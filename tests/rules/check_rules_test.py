#!/usr/bin/env python3
"""The rules find what they are there to find."""
import pathlib
import subprocess
import sys
import tempfile

CHECK = pathlib.Path(__file__).with_name("check_rules.py")
CASES = [
    ("includes", "src/engine/a.cc", '#include "storage/storage.h"\n'),
    ("includes", "src/storage/a.h", '#include "engine/engine.h"\n'),
    ("bans", "src/matching/a.cc", "#include <thread>\n"),
    ("bans", "src/workflow/a.cc", "auto t = std::chrono::system_clock::now();\n"),
    ("bans", "include/perdure/a.h", '#include "temporal/api/common/v1/message.pb.h"\n'),
    ("bans", "src/runtime/a.cc", "assert(x);\n"),
    ("bans", "tests/a_test.cc", "std::this_thread::sleep_for(1s);\n"),
    ("registered", "tests/x/a_test.cc", "\n"),
]


def run(which, root):
    return subprocess.run([sys.executable, CHECK, which, root], capture_output=True, text=True)


failed = 0
for which, name, text in CASES:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True)
        (path.parent / "CMakeLists.txt").write_text("")
        assert run(which, folder).returncode == 0
        path.write_text(text)
        result = run(which, folder)
        if result.returncode != 1 or name not in result.stdout:
            failed += 1
            print(f"{which} missed {name}: {text.strip()}\n{result.stdout}{result.stderr}")
sys.exit(1 if failed else 0)
