#!/usr/bin/env python3
"""embedded_test.py HELLO HELLO_REMOTE: which of the two programs has gRPC in it, and what the other one says."""
import subprocess
import sys


def libraries(program):
    return subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout


def main():
    embedded, remote = sys.argv[1:]
    assert "grpc" in libraries(remote), "the program for servers has no gRPC: this test sees nothing"
    assert "grpc" not in libraries(embedded), libraries(embedded)
    for program, sentence in [(embedded, "link perdure::grpc"), (remote, "no server answers at 127.0.0.1:1 ")]:
        run = subprocess.run([program, "127.0.0.1:1"], capture_output=True, text=True)
        assert run.returncode == 1 and sentence in run.stderr, f"{program}: {run.returncode} {run.stderr}"
    print("embedded programs link no gRPC")


if __name__ == "__main__":
    main()
