"""What commands know of each other: the stack file, there only while a stack is ready, the lock of its runner and that of plays."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from localstack.failure import Failure
from localstack.paths import LOCAL

DEFAULT_PORT = 4566


def stack_file(port: int) -> Path:
    return LOCAL / ("stack.json" if port == DEFAULT_PORT else f"stack-{port}.json")


def announce(port: int, stack: dict[str, Any]) -> None:
    """Write the stack file, whole or not at all."""
    path = stack_file(port)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(stack, indent=2) + "\n")
    fresh.chmod(0o600)  # it holds passwords, if only of the demo
    fresh.replace(path)


def withdraw(port: int) -> None:
    stack_file(port).unlink(missing_ok=True)


def ready_stack(port: int) -> dict[str, Any]:
    """What `announce` wrote. Raises Failure where no stack is ready on the port."""
    path = stack_file(port)
    if runner(port) is None or not path.exists():
        raise Failure(
            f"No stack is ready on port {port}. Start one (make run PORT={port}) and wait until it says that it is ready."
        )
    stack: dict[str, Any] = json.loads(path.read_text())
    return stack


@contextmanager
def sole_runner(port: int) -> Iterator[None]:
    """Only one process at a time runs the stack of a port. Raises Failure where another does."""
    path = _lock(port)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        if not _acquired(lock.fileno()):
            raise Failure(
                f"The stack of port {port} runs already (process {runner(port)}).\n"
                f"End it with `make stop PORT={port}`, or run beside it: make run PORT={port + 4}"
            )
        withdraw(port)  # left by a runner that was killed
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield
        finally:
            withdraw(port)


def runner(port: int) -> int | None:
    """The id of the process that runs the stack of the port, ready or not."""
    try:
        with _lock(port).open("r+") as lock:
            return None if _acquired(lock.fileno()) else int(lock.read() or 0) or None
    except FileNotFoundError:
        return None


@contextmanager
def at_play(port: int) -> Iterator[None]:
    """The stack of the port is played on until the end of the block, or of this process."""
    with _play_lock(LOCAL / str(port)).open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)  # others may play too
        yield


def is_played_on(data: Path) -> bool:
    """Whether anybody plays on the stack that has its data there."""
    with _play_lock(data).open("a+") as lock:
        return not _acquired(lock.fileno())


def _play_lock(data: Path) -> Path:
    return data / "play.lock"


def _lock(port: int) -> Path:
    return LOCAL / str(port) / "runner.pid"


def _acquired(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
