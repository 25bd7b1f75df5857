"""Which keys a conference has had: each rotation goes on to the next key id, and codes of all of them stay valid."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from shared.errors import Conflict, NotFound
from shared.ids import id_bytes, id_from_bytes

FIRST_KEY, LAST_KEY = 1, 255  # a code says its key id in one byte


class KeysExhausted(Conflict):
    slug, title = "keys-exhausted", "No key is left to rotate to"

    def __init__(self) -> None:
        super().__init__(f"The conference is at key {LAST_KEY}, which is the last. Its codes stay valid.")


@dataclass(frozen=True, slots=True)
class Rotation:
    key_id: int  # that signs from now on
    rotated_at: datetime
    rotated_by: str
    command_id: str  # of the request that asked for it


@dataclass(frozen=True, slots=True)
class KeyRing:
    conference_id: str
    rotations: tuple[Rotation, ...] = ()

    @property
    def current(self) -> int:
        return self.rotations[-1].key_id if self.rotations else FIRST_KEY

    @property
    def key_ids(self) -> range:
        """All that codes may be signed with."""
        return range(FIRST_KEY, self.current + 1)

    def rotate(self, *, by: str, at: datetime, command_id: str) -> Self:
        """With one key more; itself where the same command has run before. Raises KeysExhausted."""
        if any(rotation.command_id == command_id for rotation in self.rotations):
            return self
        if self.current == LAST_KEY:
            raise KeysExhausted
        return replace(self, rotations=(*self.rotations, Rotation(self.current + 1, at, by, command_id)))


def ring_of(conference_id: str) -> KeyRing:
    """The ring of a conference that never rotated. Raises NotFound for what is no conference's id."""
    try:
        is_id = id_from_bytes("cnf", id_bytes(conference_id)) == conference_id
    except ValueError:
        is_id = False
    if not is_id:
        raise NotFound(f"{conference_id!r} is not the id of a conference: GET /events/conferences lists them.")
    return KeyRing(conference_id)
