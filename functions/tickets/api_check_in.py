"""The door: codes that are held to a scanner."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import AwareDatetime, Field

from functions.tickets.domain import Entry
from functions.tickets.edge import CodesDep, DoorDep, KeeperDep, resource
from functions.tickets.scans import Cause, Decided, Direction, Reason, Redemption
from functions.tickets.use_cases_door import Held, annul_check_in, check_in, check_in_batch
from shared.clock import now
from shared.errors import Problem
from shared.fields import ONE_LINE
from shared.http import DOOR, Body

# The bounds keep away from where a change of time zone would leave the calendar.
Instant = Annotated[AwareDatetime, Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(9999, 1, 1, tzinfo=UTC))]
_NONCE = r"^[A-Za-z0-9_-]{1,64}$"
MOST_SCANS = 100

router = resource()


@dataclass(frozen=True, slots=True)
class ScannedTicket:
    """What the door sees of a ticket: no e-mail address."""

    id: str
    ticket_type_name: str
    attendee_name: str


@dataclass(frozen=True, slots=True)
class CheckInResult:
    """`status` is what the platform says of the scan, `admitted` whether somebody came through: forced, or let in off line."""

    status: Literal["ok", "error"]
    reason: Reason | None
    cause: Cause | None
    detail: str
    admitted: bool
    forced: bool
    ticket: ScannedTicket | None
    first_entry: Entry | None
    annulled_at: datetime | None

    @classmethod
    def of(cls, redemption: Redemption) -> "CheckInResult":
        verdict, ticket, record = redemption.verdict, redemption.ticket, redemption.record
        forced = record.forced if record else False
        return cls(
            status="ok" if verdict.cause is None or forced else "error",
            reason=verdict.reason,
            cause=verdict.cause,
            detail=verdict.detail,
            admitted=redemption.admitted,
            forced=forced,
            ticket=ScannedTicket(ticket.id, ticket.ticket_type_name, ticket.attendee.name) if ticket else None,
            first_entry=verdict.first_entry,
            annulled_at=record.annulled_at if record else None,
        )


@dataclass(frozen=True, slots=True)
class BatchedResult:
    """Of one scan of a batch. `problem` is the slug of what kept it from being taken: send `busy` ones again."""

    nonce: str
    status: Literal["ok", "error"]
    reason: Reason | None
    detail: str
    result: CheckInResult | None
    problem: str | None

    @classmethod
    def of(cls, nonce: str, settled: Redemption | Problem) -> "BatchedResult":
        if isinstance(settled, Problem):
            reason: Reason = "invalid" if settled.slug == "unknown-code" else "error"
            return cls(nonce, "error", reason, settled.detail, None, settled.slug)
        result = CheckInResult.of(settled)
        return cls(nonce, result.status, result.reason, result.detail, result, None)


@dataclass(frozen=True, slots=True)
class BatchResults:
    """In the order of the scans."""

    results: list[BatchedResult]


class Scanned(Body):
    nonce: Annotated[str, Field(pattern=_NONCE, description="Names this scan among yours: repeat it to repeat the request")]
    gate: Annotated[str, Field(min_length=1, max_length=50, pattern=ONE_LINE, description="Its id or its name")] | None = None
    type: Direction = "entry"
    force: (
        Annotated[str, Field(min_length=3, max_length=200, pattern=ONE_LINE, description="Let in against the rules, and why")]
        | None
    ) = None


class CheckIn(Scanned):
    code: Annotated[str, Field(min_length=1, max_length=300, description="What the QR code says")] | None = None
    ticket_id: (
        Annotated[str, Field(min_length=1, max_length=64, description="Instead of a code, where a person vouches for the holder")]
        | None
    ) = None
    scanned_at: Annotated[Instant, Field(description="When it happened, where that is not now")] | None = None


class OfflineScan(Scanned):
    code: Annotated[str, Field(min_length=1, max_length=300, description="The code, or the receipt that the scanner kept of it")]
    scanned_at: Annotated[Instant, Field(description="When it happened, by the scanner's clock")]
    decided: Annotated[Decided, Field(description="What the scanner did by itself while it was off line")] = "admitted"


class CheckInBatch(Body):
    scans: Annotated[list[OfflineScan], Field(min_length=1, max_length=MOST_SCANS)]


@router.post("/tickets/check-in", summary="Check a ticket in or out at the door", tags=["tickets"], security=DOOR)
def post_check_in(body: CheckIn, door: DoorDep, codes: CodesDep, keeper: KeeperDep) -> CheckInResult:
    """200 for every genuine code, with `status` ok or error and the `reason`; the same `nonce` from you gets the same answer."""
    held = Held(
        nonce=body.nonce,
        code=body.code,
        ticket_id=body.ticket_id,
        direction=body.type,
        gate=body.gate,
        scanned_at=body.scanned_at.astimezone(UTC) if body.scanned_at else None,
        force=body.force,
    )
    return CheckInResult.of(check_in(door, codes, now, keeper=keeper, held=held))


@router.post("/tickets/check-in/batch", summary="Hand in what was scanned off line", tags=["tickets"], security=DOOR)
def post_check_in_batch(body: CheckInBatch, door: DoorDep, codes: CodesDep, keeper: KeeperDep) -> BatchResults:
    """Up to 100, in any order, whole or in part again. Who was let in stays let in: `status` says what speaks against it."""
    batch = [
        Held(
            nonce=scan.nonce,
            code=scan.code,
            direction=scan.type,
            gate=scan.gate,
            scanned_at=scan.scanned_at.astimezone(UTC),
            force=scan.force,
            decided=scan.decided,
        )
        for scan in body.scans
    ]
    settled = check_in_batch(door, codes, now, keeper=keeper, batch=batch)
    return BatchResults([BatchedResult.of(held.nonce, each) for held, each in zip(batch, settled, strict=True)])


@router.delete("/tickets/check-in/<nonce>", summary="Annul a scan of one's own within 15 minutes", tags=["tickets"], security=DOOR)
def delete_check_in(nonce: Annotated[str, Path(pattern=_NONCE)], door: DoorDep, keeper: KeeperDep) -> CheckInResult:
    """The ticket is as it was before; the scan stays on record. May be repeated."""
    return CheckInResult.of(annul_check_in(door, now, keeper=keeper, nonce=nonce))
