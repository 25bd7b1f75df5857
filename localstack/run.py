"""`make run`: the platform in the foreground until Ctrl-C, with its demo conference."""

import argparse
import errno
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from localstack.client import NeverHappened, Surprise, Unexpected
from localstack.deploy import STACK, recall, remember
from localstack.failure import Failure
from localstack.paths import LOCAL
from localstack.processes import shown
from localstack.seed import seed
from localstack.settings import put_right
from localstack.stack import RunningStack, deployed_stack, running_stack
from localstack.standing import DEFAULT_PORT, announce, is_played_on, sole_runner, stack_file, withdraw
from localstack.steps import Steps

wanted_anew = threading.Event()  # by SIGUSR1: `make restart`

SEEDED = f"/{STACK}/local/seed"  # a parameter kept in the emulator itself, so that it is lost when the data is lost

console = Console(highlight=False, soft_wrap=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make run", description="Run Ketemu on this machine.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="of the embedded emulator; Valkey takes the next")
    parser.add_argument("--endpoint", help="deploy to the emulator that runs there, instead of starting one")
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    signal.signal(signal.SIGUSR1, lambda *_: wanted_anew.set())
    ready = False
    steps = Steps(console)
    try:
        with sole_runner(arguments.port):
            while True:
                with prepared_stack(arguments, steps) as (stack, demo):
                    announce(arguments.port, description(stack, demo))
                    ready = True
                    welcome(stack, demo, arguments, steps)
                    watch(stack, LOCAL / str(arguments.port))
                    withdraw(arguments.port)
                    console.print("\nWriting the data, and starting from there …")
                    steps = Steps(console)
    except KeyboardInterrupt:
        sys.exit(0 if ready else 130)
    except Failure as failure:
        sys.exit(f"\n{failure}")
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        sys.exit(f"\nThe disk is full ({error}). Make room (`make clean` drops caches), then `make run` again.")


def interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def prepared_stack(arguments: argparse.Namespace, steps: Steps) -> Iterator[tuple[RunningStack, dict[str, Any]]]:
    """The stack with its demo conference. What was made for it is written before anything else happens."""
    data = LOCAL / str(arguments.port)
    if arguments.endpoint:
        stack = deployed_stack(arguments.endpoint, data, steps)
        yield stack, seeded(stack, steps)
        return
    with ExitStack() as running:
        stack = running.enter_context(running_stack(port=arguments.port, data=data, steps=steps))
        news = stack.fresh or recall(stack.endpoint, SEEDED) is None
        demo = seeded(stack, steps)
        if news:
            with steps("Write it to the disk and start from there"):
                running.close()
                stack = running.enter_context(running_stack(port=arguments.port, data=data))
        try:
            yield stack, demo
        except KeyboardInterrupt:
            withdraw(arguments.port)
            console.print(f"\nStopping, and writing the data to {shown(data)} …")
            raise


def seeded(stack: RunningStack, steps: Steps) -> dict[str, Any]:
    """The demo conference and its people, made where this data has none yet."""
    known = recall(stack.endpoint, SEEDED)
    if known is None:
        with steps("Seed the demo conference"):
            known = json.dumps(planted(stack, steps))
            remember(stack.endpoint, SEEDED, known)
    demo: dict[str, Any] = json.loads(known)
    return demo


def planted(stack: RunningStack, steps: Steps) -> dict[str, Any]:
    try:
        return seed(stack.api_url, steps.say)
    except (Surprise, Unexpected, NeverHappened, httpx.HTTPError) as error:
        stack.check()
        raise Failure(
            f"The demo conference could not be seeded: {error}\nWhat the functions said is in the emulator's log."
        ) from error


def description(stack: RunningStack, demo: dict[str, Any]) -> dict[str, Any]:
    """What the stack file says."""
    urls = {"api_url": stack.api_url, "websocket_url": stack.websocket_url, "endpoint_url": stack.endpoint_url}
    return urls | {"region": stack.region, "pid": os.getpid(), "demo": demo["demo"], "conference_id": demo["conference_id"]}


def welcome(stack: RunningStack, demo: dict[str, Any], arguments: argparse.Namespace, steps: Steps) -> None:
    people = Table("role", "e-mail", "password", title="Demo log-ins", title_justify="left")
    for person in demo["demo"]:
        people.add_row(person["role"], person["email"], person["password"])
    first = demo["demo"][0]
    body = json.dumps({"email": first["email"], "password": first["password"]})
    console.print(f"\n[bold green]Ready[/] after {steps.elapsed:.0f} s.  API: [bold]{stack.api_url}[/]\n")
    console.print(people)
    console.print("\nTry it:", style="bold")
    lines = (
        f"  API={stack.api_url}",
        f"  curl -s $API/auth/login -H 'Content-Type: application/json' -d '{body}'",
        "  curl -s $API/events/conferences",
    )
    for line in lines:
        console.print(escape(line), soft_wrap=True)
    here = "" if arguments.port == DEFAULT_PORT else f" PORT={arguments.port}"
    console.print(
        f"\nDescribed in {shown(stack_file(arguments.port))} while it is ready. [bold]make demo{here}[/] plays the whole journey."
    )
    console.print(
        f"Deployed to {stack.endpoint_url}; Ctrl-C ends this command and leaves the stack there."
        if arguments.endpoint
        else f"Ctrl-C (or `make stop{here}`) ends it and writes its data; killed outright, it loses what came since the last start."
    )


def watch(stack: RunningStack, data: Path) -> None:
    """Until somebody wants it to start anew, or interrupts. Raises Failure where a program the stack stands on ends."""
    played_on = False
    while not wanted_anew.is_set():
        try:
            stack.check()
        except Failure as failure:
            lost = "If the emulator had no clean end, what came since the last start is lost."
            raise Failure(f"{failure}\n\n{lost}") from failure
        was_played_on, played_on = played_on, is_played_on(data)
        if was_played_on and not played_on and (left := put_right(stack.endpoint)):
            console.print(f"A play was killed: {len(left)} functions have their own settings again.")
        wanted_anew.wait(0.5)
    wanted_anew.clear()


if __name__ == "__main__":
    main()
