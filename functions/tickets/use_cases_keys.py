"""What organisers do with their conference's keys, and what scanners read of them."""

from typing import Protocol

from functions.tickets.key_ring import KeyRing
from functions.tickets.use_cases import again
from shared.caller import Caller
from shared.clock import Clock


class Keys(Protocol):
    def ring(self, conference_id: str) -> KeyRing:
        """Raises NotFound for what is no conference's id."""

    def current(self, conference_id: str) -> int:
        """The id of the key that signs new codes."""

    def add(self, ring: KeyRing) -> None:
        """The ring's last rotation. Raises Stale where another came first."""


def rotate_key(keys: Keys, clock: Clock, *, caller: Caller, conference_id: str, command_id: str) -> KeyRing:
    """New codes are signed with a new key; once a command. Raises Forbidden, KeysExhausted."""
    caller.require(conference_id, "organizer")

    def rotate() -> KeyRing:
        ring = keys.ring(conference_id)
        rotated = ring.rotate(by=caller.user_id, at=clock(), command_id=command_id)
        if rotated is not ring:
            keys.add(rotated)
        return rotated

    return again(rotate)
