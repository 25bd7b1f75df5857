"""`make stop`: end the stack of a port from elsewhere, and wait until it is gone."""

import argparse
import os
import signal
import sys
import time

from localstack.standing import DEFAULT_PORT, runner

PATIENCE = 60  # seconds; the runner itself gives its programs about forty


def main() -> None:
    parser = argparse.ArgumentParser(prog="make stop", description="Stop the stack that `make run` runs.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    port = parser.parse_args().port
    pid = runner(port)
    if pid is None:
        print(f"Nothing runs on port {port}.")
        return
    os.kill(pid, signal.SIGTERM)
    print(f"Stopping the stack of port {port} (process {pid}) …", flush=True)
    deadline = time.monotonic() + PATIENCE
    while runner(port) == pid or exists(pid):
        if time.monotonic() > deadline:
            sys.exit(f"Process {pid} still runs after {PATIENCE} s. See its terminal and .local/{port}/emulator.log.")
        time.sleep(0.1)
    print("Stopped.")


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main()
