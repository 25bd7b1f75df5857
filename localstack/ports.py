"""TCP ports of this machine: which are free, and who has the others."""

import socket
import time
from pathlib import Path

from localstack.failure import Failure

HOST = "127.0.0.1"
LISTENING = "0A"  # state in /proc/net/tcp


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def require_free(port: int, patience: float) -> None:
    """Raises Failure where the port is still taken after `patience` seconds (one that just ended may hold it a moment)."""
    deadline = time.monotonic() + patience
    while not is_free(port):
        if time.monotonic() > deadline:
            raise Failure(
                f"Port {port} is taken{_by(owner(port))}.\n"
                f"End that (`make stop PORT={port}` if it is Ketemu), or run beside it: make run PORT={port + 4}"
            )
        time.sleep(0.1)


def owner(port: int) -> str:
    """Who listens on the port, as far as /proc tells this user; empty otherwise."""
    inodes = {f"socket:[{inode}]" for inode in _listening(port)}
    for process in Path("/proc").glob("[0-9]*") if inodes else ():
        try:
            if any(str(descriptor.readlink()) in inodes for descriptor in (process / "fd").iterdir()):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                return f"process {process.name} ({command[:120]})"
        except OSError:  # ended meanwhile, or somebody else's
            continue
    return ""


def _listening(port: int) -> list[str]:
    found = []
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            _, local, _, state, *rest = line.split()
            if state == LISTENING and int(local.rsplit(":", 1)[1], 16) == port:
                found.append(rest[5])
    return found


def _by(who: str) -> str:
    return f" by {who}" if who else ""
