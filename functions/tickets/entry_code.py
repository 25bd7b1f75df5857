"""What an entry code says, as bytes. docs/codes.md has the formats; `codes.py` signs them and makes them text."""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Self

from shared.errors import NotFound
from shared.ids import id_bytes, id_from_bytes

Version = Literal[1, 2]

LAST_SERIAL = 2**16 - 1
SIGNATURE_SIZE = 64
_IDS_AND_WINDOW = struct.Struct(">BB16s16s16sII")
_SERIAL = struct.Struct(">H")
PAYLOAD_SIZES: dict[Version, int] = {1: _IDS_AND_WINDOW.size, 2: _IDS_AND_WINDOW.size + _SERIAL.size}


class NotACode(NotFound):
    slug, title = "unknown-code", "Not an entry code of this platform"

    def __init__(self) -> None:
        super().__init__("The code is not one that was issued here. Scan the whole QR code of a ticket again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryCode:
    """What an entry code says, its signature apart; no personal data."""

    key_id: int  # 0 to 255
    ticket_id: str
    conference_id: str
    ticket_type_id: str
    valid_from: datetime  # whole seconds, between 1970 and 2106
    valid_until: datetime
    serial: int = 1  # which of the ticket's codes: each replaces the one before
    version: Version = 2  # 1 has no serial: it is always a ticket's first code

    def payload(self) -> bytes:
        """The bytes that are signed. Raises ValueError for an id without a ULID."""
        start = _IDS_AND_WINDOW.pack(
            self.version,
            self.key_id,
            id_bytes(self.ticket_id),
            id_bytes(self.conference_id),
            id_bytes(self.ticket_type_id),
            _seconds(self.valid_from),
            _seconds(self.valid_until),
        )
        return start if self.version == 1 else start + _SERIAL.pack(self.serial)

    @classmethod
    def of_payload(cls, payload: bytes) -> Self:
        """The inverse of `payload`; the format implies the prefixes of the ids. Raises NotACode."""
        version = next(
            (version for version, size in PAYLOAD_SIZES.items() if payload[:1] == bytes([version]) and len(payload) == size), None
        )
        if version is None:
            raise NotACode
        _, key_id, ticket, conference, ticket_type, valid_from, valid_until = _IDS_AND_WINDOW.unpack_from(payload)
        return cls(
            version=version,
            key_id=key_id,
            ticket_id=id_from_bytes("tkt", ticket),
            conference_id=id_from_bytes("cnf", conference),
            ticket_type_id=id_from_bytes("typ", ticket_type),
            valid_from=datetime.fromtimestamp(valid_from, UTC),
            valid_until=datetime.fromtimestamp(valid_until, UTC),
            serial=1 if version == 1 else _SERIAL.unpack_from(payload, _IDS_AND_WINDOW.size)[0],
        )


def _seconds(instant: datetime) -> int:
    """Seconds since 1970, as near as 32 bits come: a window that was set absurdly wide must not stop a ticket."""
    return min(max(int(instant.timestamp()), 0), 2**32 - 1)
