"""Prove that nothing was altered in or removed from the door's journal of a conference: `make verify-journal CONFERENCE=cnf_…`.

It reads over HTTP what any member of the crew may read, and needs nothing else: TOKEN holds an access token, or else the
demo's organiser logs in. Each head that was proved is kept in .local/heads, and the next chain must go through all of them.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from functions.tickets.journal import Entry, Head, Proof, prove
from functions.tickets.journal_keys import is_signed
from localstack.client import Person
from localstack.failure import Failure
from localstack.paths import LOCAL
from localstack.standing import DEFAULT_PORT, ready_stack

Get = Callable[[str], Any]  # the JSON at a path of the API


def verify(get: Get, conference_id: str, kept: Sequence[Head] = ()) -> Proof:
    """Follow the whole chain, to the head that is published now and through those that were `kept`."""
    base = f"/tickets/conferences/{conference_id}/journal"
    said = get(f"{base}/head")
    published = Head(conference_id, said["seq"], said["hash"])
    return prove(
        conference_id,
        entries(get, conference_id),
        heads=[*kept, *([published] if published.seq else [])],
        is_signed=lambda head, signature: is_signed(said["public_key"], head, signature),
    )


def entries(get: Get, conference_id: str) -> Iterator[Entry]:
    """All of the journal, in its order."""
    after: int | None = 0
    while after is not None:
        stretch = get(f"/tickets/conferences/{conference_id}/journal?after={after}")
        yield from (Entry(**each) for each in stretch["items"])
        after = stretch["next_after"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make verify-journal", description="Prove a conference's door journal.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("conference")
    asked = parser.parse_args()
    try:
        stack = ready_stack(asked.port)
    except Failure as failure:
        print(f"Nothing is running. {failure}")
        return 1
    heads = Heads(LOCAL / "heads" / f"{asked.conference}.jsonl")
    with httpx.Client(timeout=60) as http:
        proof = verify(_reader(stack, http).get, asked.conference, heads.kept(asked.conference))
    if proof.fault:
        print(f"✗ entry {proof.fault.seq}: {proof.fault.why}")
        return 1
    heads.keep(proof.head)
    print(f"✓ {proof.head.seq} entries, none altered or removed; the head is {proof.head.hash}")
    return 0


def _reader(stack: dict[str, Any], http: httpx.Client) -> Person:
    if token := os.environ.get("TOKEN"):
        return Person(stack["api_url"], http, tokens={"access_token": token})
    organizer = next(account for account in stack["demo"] if account["role"] == "organizer")
    person = Person(stack["api_url"], http, email=organizer["email"], password=organizer["password"])
    person.log_in()
    return person


class Heads:
    """Those that were proved on this machine, oldest first."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def kept(self, conference_id: str) -> list[Head]:
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        return [Head(conference_id, each["seq"], each["hash"]) for each in map(json.loads, lines)]

    def keep(self, head: Head) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        if head not in self.kept(head.conference_id):
            with self._file.open("a") as file:
                file.write(json.dumps({"seq": head.seq, "hash": head.hash}) + "\n")


if __name__ == "__main__":
    sys.exit(main())
