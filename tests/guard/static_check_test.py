#!/usr/bin/env python3
"""tools/check_determinism.py finds what is in a file of sins, and nothing in one without. Usage: CHECK SINS.o CLEAN.o"""
import re
import subprocess
import sys

check, sins, clean = sys.argv[1:]
done = subprocess.run([check, clean], capture_output=True, text=True)
assert done.returncode == 0 and done.stdout == "", f"found in a clean file:\n{done.stdout}{done.stderr}"
done = subprocess.run([check, sins], capture_output=True, text=True)
print(done.stdout)
assert done.returncode == 1
for call in ["system_clock::now", "steady_clock::now", "calls time:", "calls gettimeofday:", "nanosleep", "calls usleep:",
             "std::random_device", "calls rand:", "calls random:", "calls getrandom:", "calls arc4random_uniform:",
             "std::thread::", "calls system:", "calls popen:", "calls fork:", "calls posix_spawnp:", "calls execl:",
             "calls socket:", "calls connect:", "calls getaddrinfo:", "calls open:", "basic_ofstream|basic_filebuf",
             "std::filesystem::", "calls getenv:", "outlives a run, .*sins_committed"]:
    assert re.search(call, done.stdout), f"not found: {call}"
