#!/usr/bin/env python3
"""restart_test.py PERDURE MANY_WORKFLOWS [KILLS]: a server is killed and started again under a worker and its client."""
import random
import socket
import subprocess
import sys
import tempfile


COUNT = 100


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serve(perdure, folder, address):
    server = subprocess.Popen([perdure, "server", "--data", folder, "--address", address, "--metrics-address", ""],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    line = server.stdout.readline()
    assert line.startswith("perdure: serving"), line
    return server


def main():
    perdure, program = sys.argv[1:3]
    kills = int(sys.argv[3]) if len(sys.argv) > 3 else 8
    chance = random.Random(17)
    address = f"127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory() as folder:
        server = serve(perdure, folder, address)
        client = subprocess.Popen([program, address, str(COUNT)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        done = 0
        try:
            while done < kills:
                try:
                    client.wait(chance.uniform(0.1, 0.7))
                    break
                except subprocess.TimeoutExpired:
                    pass
                server.kill()
                server.wait()
                server = serve(perdure, folder, address)
                done += 1
            out, err = client.communicate(timeout=120)
        finally:
            client.kill()
            server.kill()
            server.wait()
        assert client.returncode == 0, f"after {done} kills: {err}"
        assert f"all {COUNT} results are right" in out, out
        assert done >= 3, f"the program was done after {done} kills: too little was tried"
        print(f"{COUNT} workflows, {done} kills of the server")


if __name__ == "__main__":
    main()
