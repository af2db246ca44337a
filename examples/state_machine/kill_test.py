#!/usr/bin/env python3
"""kill_test.py PROGRAM: the lights follow each other as if nothing had happened, although the program is killed.

It is killed in every state and in the waits between them. What was shown just before a kill may be shown again: the kill
may have come before the answer to the activity was kept.
"""
import subprocess
import sys
import tempfile

ROUNDS = 4
EXPECTED = [f"{round} {light}" for round in range(1, ROUNDS + 1) for light in ("green", "yellow", "red")]


def run_and_kill_after(program: str, target: str, lines: int) -> list[str]:
    """What it printed; killed after so many lines, or let to its end."""
    process = subprocess.Popen([program, target, str(ROUNDS)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    printed = []
    for line in process.stdout:
        printed.append(line.strip())
        if len(printed) == lines:
            process.kill()
            break
    printed += process.stdout.read().split("\n")[:-1]  # what it had written when the signal came
    code = process.wait()
    assert code in (0, -9), code
    return printed


def main(program: str) -> int:
    shown, kills = [], 0
    with tempfile.TemporaryDirectory() as folder:
        while not shown or shown[-1] != "off":
            part = run_and_kill_after(program, f"file:{folder}/state", 1 + kills % 3)
            if shown and part and part[0] == shown[-1]:
                part = part[1:]
            shown += part
            kills += 1
            assert kills < 4 * len(EXPECTED), shown
    print(f"{kills - 1} kills: " + ", ".join(shown))
    return 0 if shown == [*EXPECTED, "off"] and kills > 3 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
