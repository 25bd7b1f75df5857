"""`make restart`: have the stack of a port write its data and start from there, and wait until it is ready again."""

import argparse
import os
import signal
import sys
import time

from localstack.client import NeverHappened, wait_until
from localstack.standing import DEFAULT_PORT, runner, stack_file

PATIENCE = 600  # seconds: as long as a deployment may take, where there is one


def restart(port: int) -> float:
    """The seconds that it took. Raises NeverHappened, and LookupError where there is nothing to start anew."""
    pid, file, began = runner(port), stack_file(port), time.monotonic()
    if pid is None or not file.exists():
        raise LookupError(f"No stack is ready on port {port}.")
    before = file.stat().st_mtime_ns
    os.kill(pid, signal.SIGUSR1)

    def is_back() -> bool:
        try:
            return file.stat().st_mtime_ns != before
        except FileNotFoundError:  # while it is not ready
            return False

    wait_until(is_back, "a stack that is ready again", seconds=PATIENCE)
    return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(prog="make restart", description="Have the stack that `make run` runs start anew.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    try:
        print(f"Ready again after {restart(parser.parse_args().port):.0f} s.")
    except (LookupError, NeverHappened) as failure:
        sys.exit(str(failure))


if __name__ == "__main__":
    main()
