"""A conference's keys go on one by one, once a command, and never back."""

from datetime import UTC, datetime

import pytest

from functions.tickets.domain import Stale
from functions.tickets.key_ring import KeyRing, KeysExhausted, ring_of
from functions.tickets.use_cases_keys import rotate_key
from shared.caller import Caller, Role
from shared.errors import Busy, Forbidden, NotFound
from shared.ids import derived_id

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
CONFERENCE = derived_id("cnf", "1")
HOST = Caller("usr_host", "host@example.org", "Hana", {CONFERENCE: "organizer"})


class KeysInMemory:
    """Implements the port as the table does, and can be told to lose some races first."""

    def __init__(self, races_to_lose: int = 0) -> None:
        self.rings = {CONFERENCE: KeyRing(CONFERENCE)}
        self.races_to_lose = races_to_lose

    def ring(self, conference_id: str) -> KeyRing:
        return self.rings[conference_id]

    def add(self, ring: KeyRing) -> None:
        if self.races_to_lose:
            self.races_to_lose -= 1
            raise Stale
        self.rings[ring.conference_id] = ring


def rotate(keys: KeysInMemory, command_id: str, caller: Caller = HOST) -> KeyRing:
    return rotate_key(keys, lambda: NOW, caller=caller, conference_id=CONFERENCE, command_id=command_id)


def test_a_conference_starts_with_key_1() -> None:
    assert (KeyRing(CONFERENCE).current, list(KeyRing(CONFERENCE).key_ids)) == (1, [1])


def test_each_rotation_adds_a_key_and_keeps_the_others() -> None:
    keys = KeysInMemory()
    assert [rotate(keys, command).current for command in ("a", "b", "c")] == [2, 3, 4]
    assert list(keys.ring(CONFERENCE).key_ids) == [1, 2, 3, 4]


def test_a_repeated_command_rotates_once() -> None:
    keys = KeysInMemory()
    assert [rotate(keys, command).current for command in ("a", "b", "a")] == [2, 3, 3]


def test_a_rotation_that_loses_a_race_goes_on_from_the_winner() -> None:
    assert rotate(KeysInMemory(races_to_lose=2), "a").current == 2
    with pytest.raises(Busy):
        rotate(KeysInMemory(races_to_lose=100), "a")


def test_after_key_255_there_is_none() -> None:
    keys = KeysInMemory()
    for number in range(2, 256):
        rotate(keys, str(number))
    assert keys.ring(CONFERENCE).current == 255
    with pytest.raises(KeysExhausted):
        rotate(keys, "one more")


@pytest.mark.parametrize("role", ["staff", "exhibitor", "speaker", None])
def test_only_organisers_rotate(role: Role | None) -> None:
    caller = Caller("usr_x", "x@example.org", "X", {CONFERENCE: role} if role else {})
    with pytest.raises(Forbidden):
        rotate(KeysInMemory(), "a", caller)


@pytest.mark.parametrize(
    "text", ["", "cnf_", "cnf_1", CONFERENCE.lower(), f"{CONFERENCE}0", CONFERENCE.replace("cnf", "tkt"), "é" * 30]
)
def test_what_is_no_conferences_id_has_no_keys(text: str) -> None:
    with pytest.raises(NotFound):
        ring_of(text)
