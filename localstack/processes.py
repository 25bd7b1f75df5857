"""Programs that live as long as we do: started in sessions of their own (Ctrl-C is ours alone to handle), and ended with us."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from localstack import leash
from localstack.failure import Failure
from localstack.paths import ROOT

# What a program of ours is given of this environment: neither a virtual environment nor anybody's AWS settings.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")


class Child:
    """A running program whose output goes to `log`. Leaving the `with` block ends it, and all that it started."""

    def __init__(self, name: str, command: Sequence[str], *, log: Path, settings: Mapping[str, str], patience: float) -> None:
        """`settings` are its environment variables; `patience` the seconds it gets to end when it is told to."""
        self.name = name
        self.log = log
        self._patience = patience
        leashed = [sys.executable, "-I", str(Path(leash.__file__)), str(os.getpid()), *command]
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                leashed,
                cwd=ROOT,
                env=dict(settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def check(self) -> None:
        """Raises Failure, with the end of its log, where it has ended."""
        code = self.exit_code()
        if code is not None:
            ended = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
            raise Failure(f"{self.name} {ended}. The end of its log ({shown(self.log)}):\n{tail(self.log)}")

    def stop(self) -> bool:
        """Tell it to end, wait, and end by force what is left. False where force was needed, so that it may not have saved."""
        with _uninterrupted():
            self._process.terminate()
            try:
                self._process.wait(self._patience)
                willing = True
            except subprocess.TimeoutExpired:
                willing = False
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)  # its session: itself where it was unwilling, and children that it left behind
            self._process.wait()
        return willing

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Signals wait: what happens here is bounded, and cut short it would lose data."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def inherited() -> dict[str, str]:
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


def tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def shown(path: Path) -> Path:
    """As a person at the top of the checkout would write it."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
