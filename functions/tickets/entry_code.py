"""What an entry code says, as bytes. docs/codes.md has the format; `codes.py` signs it and makes it text."""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from shared.errors import NotFound
from shared.ids import id_bytes, id_from_bytes


class NotACode(NotFound):
    slug, title = "unknown-code", "Not an entry code of this platform"

    def __init__(self) -> None:
        super().__init__("The code is not one that was issued here. Scan the whole QR code of a ticket again.")


CODE_VERSION = 1
_CODE = struct.Struct(">BB16s16s16sII")
CODE_SIZE = _CODE.size


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryCode:
    """What an entry code says, its signature apart; no personal data. docs/codes.md has the format byte by byte."""

    key_id: int  # 0 to 255
    ticket_id: str
    conference_id: str
    ticket_type_id: str
    valid_from: datetime  # whole seconds, between 1970 and 2106
    valid_until: datetime

    def payload(self) -> bytes:
        """The bytes that are signed. Raises ValueError for an id without a ULID."""
        return _CODE.pack(
            CODE_VERSION,
            self.key_id,
            id_bytes(self.ticket_id),
            id_bytes(self.conference_id),
            id_bytes(self.ticket_type_id),
            _seconds(self.valid_from),
            _seconds(self.valid_until),
        )

    @classmethod
    def of_payload(cls, payload: bytes) -> Self:
        """The inverse of `payload`; the format implies the prefixes of the ids. Raises NotACode."""
        if len(payload) != CODE_SIZE or payload[0] != CODE_VERSION:
            raise NotACode
        _, key_id, ticket, conference, ticket_type, valid_from, valid_until = _CODE.unpack(payload)
        return cls(
            key_id=key_id,
            ticket_id=id_from_bytes("tkt", ticket),
            conference_id=id_from_bytes("cnf", conference),
            ticket_type_id=id_from_bytes("typ", ticket_type),
            valid_from=datetime.fromtimestamp(valid_from, UTC),
            valid_until=datetime.fromtimestamp(valid_until, UTC),
        )


def _seconds(instant: datetime) -> int:
    """Seconds since 1970, as near as 32 bits come: a window that was set absurdly wide must not stop a ticket."""
    return min(max(int(instant.timestamp()), 0), 2**32 - 1)
