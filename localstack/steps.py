"""Shows what is being done, step by step, with the time it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Steps:
    def __init__(self, console: Console | None = None) -> None:
        """Silent without a console."""
        self._console = console or Console(quiet=True)
        self._began = time.monotonic()

    @contextmanager
    def __call__(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            with self._console.status(f"{what} …"):
                yield
        except BaseException:
            self._console.print(f"[red]✗[/] {what}")
            raise
        self._console.print(f"[green]✓[/] {what} [dim]{time.monotonic() - began:.1f} s[/]")

    def say(self, text: str) -> None:
        self._console.print(f"  {text}", style="dim", markup=False, highlight=False)

    @property
    def elapsed(self) -> float:
        """Seconds since the first step."""
        return time.monotonic() - self._began
