"""Room on the disk, asked for before it runs out: an emulator that cannot write loses what it holds."""

import shutil
from pathlib import Path
from threading import Thread
from uuid import uuid4

from localstack.failure import Failure

TO_START = 2_000_000_000  # bytes: half for what is deployed and unpacked, half for the copies that a burst of requests starts
TO_GO_ON = 100_000_000  # bytes: the state is written at the end


def require_space(directory: Path, needed: int) -> None:
    """Raises Failure where the disk of `directory` has less than `needed` bytes free."""
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise Failure(
            f"The disk is full: {directory} has {free // 1_000_000} MB free, and {needed // 1_000_000} MB are needed. "
            "Make room (`make clean` drops caches; .local/<port> is the data of a stack) and start again."
        )


def emptied(directory: Path) -> Path:
    """An empty directory, at once: what was in it is deleted meanwhile, as thousands of files take some disks half a minute.

    What is not deleted yet when this process ends goes with the next call.
    """
    if directory.exists():
        directory.rename(directory.with_name(f"{directory.name}-{uuid4().hex}"))
    directory.mkdir(parents=True)
    discarded = list(directory.parent.glob(f"{directory.name}-*"))
    Thread(target=_delete, args=(discarded,), daemon=True).start()
    return directory


def _delete(directories: list[Path]) -> None:
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)
