"""What every command that plays on the running stack has around its play."""

import argparse
from collections.abc import Callable
from typing import Any

import httpx
from rich.console import Console

from localstack.client import NeverHappened, Person, Surprise, Unexpected
from localstack.failure import Failure
from localstack.standing import DEFAULT_PORT, at_play, ready_stack

console = Console(highlight=False, soft_wrap=True)


def played(port: int, play: Callable[[dict[str, Any]], None]) -> int:
    """The exit status: `play` gets what the stack says of itself, and raises where it does not go as it should."""
    try:
        stack = ready_stack(port)
        with at_play(port):
            play(stack)
    except (Failure, Unexpected, Surprise, NeverHappened, httpx.HTTPError) as surprise:
        console.print(f"[red]A surprise:[/] {surprise}")
        return 1
    return 0


def options(name: str, does: str) -> argparse.ArgumentParser:
    """`make load-onsale` and the like; the port says which stack."""
    parser = argparse.ArgumentParser(prog=f"make {name}", description=does)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    return parser


def host(stack: dict[str, Any], http: httpx.Client) -> Person:
    """The demo's organiser, logged in."""
    account = stack["demo"][0]
    organizer = Person(stack["api_url"], http, email=account["email"], password=account["password"])
    organizer.log_in()
    return organizer


def http_client(concurrency: int) -> httpx.Client:
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    return httpx.Client(timeout=30, limits=limits)  # API Gateway itself gives up after 29 s
