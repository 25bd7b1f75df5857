"""What the crew watches: counts, conflicts, and the journal."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from aws_lambda_powertools.event_handler import Depends
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import Field

from functions.tickets.api_check_in import Instant
from functions.tickets.api_gates import ConferenceId
from functions.tickets.conflicts import Conflict
from functions.tickets.dynamo_live import DynamoLive
from functions.tickets.edge import resource
from functions.tickets.history import Pass, TypeCount
from functions.tickets.secret import journal_keys
from functions.tickets.use_cases_live import Arrivals, Live, list_conflicts, read_journal, read_stats, resolve_conflict
from shared.clock import now
from shared.fields import ONE_LINE
from shared.http import PUBLIC, Body, CallerDep, Cursor, Limit, Page

LiveDep = Annotated[Live, Depends(DynamoLive)]
ConflictId = Annotated[str, Path(max_length=64)]

router = resource()


@dataclass(frozen=True, slots=True)
class TypeStats:
    """Tickets of a type: `expected` were issued and not cancelled, `checked_in` came in at least once, `coming` did not yet."""

    ticket_type_id: str
    issued: int
    cancelled: int
    expected: int
    checked_in: int
    coming: int

    @classmethod
    def of(cls, ticket_type_id: str, count: TypeCount) -> "TypeStats":
        expected = count.issued - count.cancelled
        return cls(ticket_type_id, count.issued, count.cancelled, expected, count.checked_in, count.coming)


@dataclass(frozen=True, slots=True)
class Inside:
    """People who came by a gate and have not left."""

    gate: str
    name: str | None
    inside: int
    capacity: int | None


@dataclass(frozen=True, slots=True)
class Stats:
    """Some seconds behind the doors. Annulled entries are not counted, double ones are."""

    ticket_types: list[TypeStats]
    gates: list[Inside]
    arrivals: list[Arrivals]


@dataclass(frozen=True, slots=True)
class AdmissionView:
    """One of the entries of a conflict. `by` is the scanner or the person; `off_line`: it was let in without the platform."""

    scan_id: str
    at: datetime
    gate: str | None
    by: str
    off_line: bool

    @classmethod
    def of(cls, made: Pass) -> "AdmissionView":
        return cls(made.scan_id, made.at, made.gate_name, made.operator_id, made.away)


@dataclass(frozen=True, slots=True)
class ConflictView:
    id: str
    ticket_id: str
    first: AdmissionView
    second: AdmissionView
    resolved_at: datetime | None
    resolved_by: str | None
    note: str | None

    @classmethod
    def of(cls, conflict: Conflict) -> "ConflictView":
        return cls(
            id=conflict.id,
            ticket_id=conflict.ticket_id,
            first=AdmissionView.of(conflict.entries.first),
            second=AdmissionView.of(conflict.entries.second),
            resolved_at=conflict.resolved_at,
            resolved_by=conflict.resolved_by,
            note=conflict.note,
        )


@dataclass(frozen=True, slots=True)
class JournalHead:
    """The end of the chain: keep it, and a later chain that does not go through it was rewritten. docs/door.md has the format."""

    conference_id: str
    seq: int
    hash: str
    signature: str | None
    public_key: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """`line` is hashed as it stands; `signature` is there at the end of what was written together."""

    seq: int
    hash: str
    line: str
    signature: str | None


@dataclass(frozen=True, slots=True)
class JournalStretch:
    """Pass `next_after` back as `after`; null at the end."""

    items: list[JournalEntry]
    next_after: int | None


class Resolution(Body):
    note: Annotated[str, Field(min_length=3, max_length=500, pattern=ONE_LINE, description="What was found out, no person's name")]


@router.get("/tickets/conferences/<conference_id>/stats", summary="Watch arrivals, and who is still to come", tags=["door"])
def get_stats(
    conference_id: ConferenceId,
    caller: CallerDep,
    live: LiveDep,
    since: Annotated[Instant | None, Query(description="An hour before `until` by default")] = None,
    until: Annotated[Instant | None, Query(description="Now by default")] = None,
) -> Stats:
    counts, plan, arrivals = read_stats(
        live,
        now,
        caller=caller,
        conference_id=conference_id,
        since=since.astimezone(UTC) if since else None,
        until=until.astimezone(UTC) if until else None,
    )
    named = {gate.id: gate for gate in plan.gates}
    gates = [Inside(gate.id, gate.name, counts.inside.get(gate.id, 0), gate.capacity) for gate in plan.gates]
    gates += [Inside(gate, None, people, None) for gate, people in sorted(counts.inside.items()) if gate not in named]
    return Stats([TypeStats.of(*each) for each in sorted(counts.types.items())], gates, arrivals)


@router.get("/tickets/conferences/<conference_id>/conflicts", summary="List tickets that were admitted twice", tags=["door"])
def get_conflicts(
    conference_id: ConferenceId,
    caller: CallerDep,
    live: LiveDep,
    resolved: Annotated[bool, Query(description="Those that were resolved, instead of the open ones")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ConflictView]:
    conflicts, next_cursor = list_conflicts(
        live, caller=caller, conference_id=conference_id, is_resolved=resolved, limit=limit, cursor=cursor
    )
    return Page([ConflictView.of(each) for each in conflicts], next_cursor)


@router.post(
    "/tickets/conferences/<conference_id>/conflicts/<conflict_id>/resolution",
    summary="Resolve a conflict with a note",
    tags=["door"],
)
def post_resolution(
    conference_id: ConferenceId, conflict_id: ConflictId, body: Resolution, caller: CallerDep, live: LiveDep
) -> ConflictView:
    """The first note stands; a repeat changes nothing."""
    resolved = resolve_conflict(live, now, caller=caller, conference_id=conference_id, conflict_id=conflict_id, note=body.note)
    return ConflictView.of(resolved)


@router.get(
    "/tickets/conferences/<conference_id>/journal/head",
    summary="The head of the door's journal, to keep",
    tags=["door"],
    security=PUBLIC,
)
def get_journal_head(conference_id: ConferenceId, live: LiveDep) -> JournalHead:
    published = live.head(conference_id)
    head = published.head
    public_key = journal_keys().public_key(conference_id)
    return JournalHead(conference_id, head.seq, head.hash, published.signature, public_key, published.at)


@router.get("/tickets/conferences/<conference_id>/journal", summary="Read the door's journal", tags=["door"])
def get_journal(
    conference_id: ConferenceId,
    caller: CallerDep,
    live: LiveDep,
    after: Annotated[int, Query(ge=0, le=10**12 - 1, description="The number of the last entry one has")] = 0,
) -> JournalStretch:
    entries, next_after = read_journal(live, caller=caller, conference_id=conference_id, after=after)
    return JournalStretch([JournalEntry(each.seq, each.hash, each.line, each.signature) for each in entries], next_after)
