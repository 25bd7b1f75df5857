"""`make fuzz`: schemathesis makes up requests to every operation of docs/openapi.json on the running stack, as each of some people.

A fault (5xx) is a find, and so is an answer that the document does not name: its status, its media type, the shape of its body.
The same seed makes up the same requests. What it writes stays with the demo's conference: fuzz a stack that may be thrown away.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from localstack.client import Person
from localstack.paths import LOCAL, ROOT
from localstack.playing import console, options, played

ROLES = ("organizer", "attendee", "nobody")
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
PATIENCE = 1800  # seconds for each of them
# What would leave nothing to fuzz: an archived conference takes no change.
LEFT_OUT = ("/events/conferences/{conference_id}/archive",)

# Where somebody finds the objects that paths name: made-up ids would only be told that there is no such thing.
FOUND_AT = {
    "room_id": "/events/conferences/{}/rooms",
    "session_id": "/events/conferences/{}/sessions",
    "speaker_id": "/events/conferences/{}/speakers",
    "ticket_type_id": "/events/conferences/{}/ticket-types",
    "voucher_id": "/orders/conferences/{}/vouchers",
    "gate_id": "/tickets/conferences/{}/gates",
    "device_id": "/tickets/devices?conference_id={}",
    "order_id": "/orders",
    "ticket_id": "/tickets",
    "contact_id": "/contacts",
    "notification_id": "/notifications",
}


def main() -> int:
    parser = options("fuzz", "Send made-up requests to the running stack.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=10, help="requests made up for each operation and person, at most")
    arguments = parser.parse_args()
    found = False

    def play(stack: dict[str, Any]) -> None:
        nonlocal found
        with httpx.Client(timeout=60) as http:
            for role in ROLES:
                person = somebody(stack, role, http)
                console.print(f"[bold]As {role}[/], seed {arguments.seed}, up to {arguments.examples} requests an operation:")
                found |= fuzzed(person, stack["conference_id"], arguments.seed, arguments.examples)

    return played(arguments.port, play) or int(found)


def somebody(stack: dict[str, Any], role: str, http: httpx.Client) -> Person:
    """The first of the demo's people with that role, logged in; a person without an account for `nobody`."""
    person = Person(stack["api_url"], http)
    for each in stack["demo"]:
        if each["role"] == role:
            person.email, person.password = each["email"], each["password"]
            person.log_in()
            break
    return person


def fuzzed(person: Person, conference_id: str, seed: int, examples: int) -> bool:
    """Whether anything was found, which schemathesis has printed."""
    folder = LOCAL / "fuzz"
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "schemathesis.toml"
    settings.write_text("\n".join(configuration(conference_id, known(person, conference_id))))
    schemathesis = Path(sys.executable).with_name("schemathesis")
    command = [str(schemathesis), "--config-file", str(settings), "run", str(ROOT / "docs" / "openapi.json")]
    command += ["--url", person.api_url, "--phases", "fuzzing", "--max-examples", str(examples), "--seed", str(seed), "--no-shrink"]
    command += ["--checks", ",".join(CHECKS), "--request-timeout", "60", "--generation-database", "none", "--warnings", "off"]
    command += [option for path in LEFT_OUT for option in ("--exclude-path", path)]
    if person.tokens:
        command += ["--header", f"Authorization: {person.credential()['Authorization']}"]
    return subprocess.run(command, cwd=folder, timeout=PATIENCE, check=False).returncode != 0


def known(person: Person, conference_id: str) -> dict[str, str]:
    """An object of each kind that the person can see."""
    seen = {}
    for name, path in FOUND_AT.items():
        answer = person.http.get(person.api_url + path.format(conference_id), headers=person.credential())
        if answer.status_code == 200 and answer.json()["items"]:
            seen[name] = str(answer.json()["items"][0]["id"])
    return seen


def configuration(conference_id: str, ids: dict[str, str]) -> Iterator[str]:
    """Lines of TOML: every path names the conference; those that do not delete name what there is in it."""
    yield "[auth]"
    yield "auto-signup = false"  # nobody is nobody
    yield "[parameters]"
    yield f'"path.conference_id" = {json.dumps(conference_id)}'
    yield "[[operations]]"
    yield 'include-method = ["GET", "POST", "PUT", "PATCH"]'
    yield "[operations.parameters]"
    for name, value in ids.items():
        yield f'"path.{name}" = {json.dumps(value)}'


if __name__ == "__main__":
    sys.exit(main())
