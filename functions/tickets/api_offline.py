"""What a scanner needs to work off line (docs/offline.md has the formats)."""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler import Depends
from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.tickets.api_keys import EntryCodesDep, PublicKey, PublicKeys
from functions.tickets.domain import Entry
from functions.tickets.dynamo_feed import DynamoFeed
from functions.tickets.dynamo_gates import DynamoGates
from functions.tickets.edge import DoorDep, KeeperDep, KeysDep, resource
from functions.tickets.gates import Gate, Opening, Reentry
from functions.tickets.offline import PAGE, CodeRecord
from functions.tickets.paths import ConferenceId
from functions.tickets.use_cases_gates import Gates
from functions.tickets.use_cases_offline import Feed, read_changes, require_keeper
from shared.clock import now
from shared.http import DOOR, Cursor

FeedDep = Annotated[Feed, Depends(DynamoFeed)]
GatesDep = Annotated[Gates, Depends(DynamoGates)]
Changed = Annotated[int, Query(ge=1, le=2000, description="Changes a page")]

router = resource()


@dataclass(frozen=True, slots=True)
class SealedRecord:
    """A live code. Both texts are base64url without padding; `entered` is the first entry, `passed_at` the latest passage."""

    lookup: str
    sealed: str
    inside: bool
    entered: Entry | None
    passed_at: datetime | None
    time_zone: str  # of the conference: `each_day` goes by its days

    @classmethod
    def of(cls, record: CodeRecord) -> "SealedRecord":
        lookup, sealed, inside = _text(record.lookup), _text(record.sealed or b""), record.status == "checked_in"
        return cls(lookup, sealed, inside, record.first_entry, record.passed_at, record.time_zone)


@dataclass(frozen=True, slots=True)
class OfflineGate:
    """What a scanner can hold by itself of a gate: all but how many are inside."""

    id: str
    name: str
    ticket_type_ids: tuple[str, ...]  # none: everybody
    openings: tuple[Opening, ...]  # none: always
    reentry: Reentry

    @classmethod
    def of(cls, gate: Gate) -> "OfflineGate":
        return cls(gate.id, gate.name, gate.ticket_type_ids, gate.openings, gate.reentry)


@dataclass(frozen=True, slots=True)
class OfflineBundle:
    """All that is new since `cursor`. Where there is `more`, ask again at once; keep `cursor` for the next time in any case."""

    conference_id: str
    generated_at: datetime
    keys: list[PublicKey]
    gates: list[OfflineGate]
    gate_ids: tuple[str, ...]  # those that the caller keeps; none: every gate
    records: list[SealedRecord]
    revoked: list[str]  # lookups of codes that are dead for ever
    cancelled: list[str]  # those of them whose ticket was cancelled
    cursor: str
    more: bool


@router.get(
    "/tickets/conferences/<conference_id>/offline",
    summary="What a scanner needs to work off line, as changes since a cursor",
    tags=["tickets"],
    security=DOOR,
    compress=True,
)
def get_offline(
    conference_id: ConferenceId,
    keeper: KeeperDep,
    door: DoorDep,
    keys: KeysDep,
    codes: EntryCodesDep,
    feed: FeedDep,
    gates: GatesDep,
    cursor: Cursor = None,
    limit: Changed = PAGE,
) -> OfflineBundle:
    gate_ids = require_keeper(door, keeper, conference_id)
    changes = read_changes(feed, now, conference_id=conference_id, cursor=cursor, limit=limit)
    dead = [record for record in changes.records if record.is_revoked]
    return OfflineBundle(
        conference_id=conference_id,
        generated_at=now(),
        keys=PublicKeys.of(keys.ring(conference_id), codes).keys,
        gates=[OfflineGate.of(gate) for gate in gates.plan(conference_id).gates],
        gate_ids=gate_ids,
        records=[SealedRecord.of(record) for record in changes.records if not record.is_revoked],
        revoked=[_text(record.lookup) for record in dead],
        cancelled=[_text(record.lookup) for record in dead if record.status == "cancelled"],
        cursor=changes.cursor.text,
        more=changes.more,
    )


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
