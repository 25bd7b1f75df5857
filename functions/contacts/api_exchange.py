"""Exchanges over HTTP: a code that was scanned, or a hundred that were scanned off line."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from functions.contacts.edge import ID, JSON, HoldersDep, Note, Tags, resource
from functions.contacts.use_cases import Met, Scanned, exchange
from functions.contacts.use_cases_batch import exchange_batch
from functions.contacts.views import ContactView
from shared.clock import now
from shared.errors import Problem
from shared.http import Body, CallerDep
from shared.telemetry import count

# What a clock says that was never set is older; the upper bound keeps away from where a change of zone would leave the calendar.
Moment = Annotated[AwareDatetime, Field(ge=datetime(2020, 1, 1, tzinfo=UTC), lt=datetime(9999, 1, 1, tzinfo=UTC))]
MOST_SCANS = 100


class ScanContact(Body):
    code: Annotated[str, Field(min_length=1, max_length=500)]  # whatever the picture said: 404 where it is no contact code
    nonce: Annotated[str, Field(pattern=ID, description="Names this scan among yours: repeat it to repeat the request")]
    scanned_at: Moment | None = None
    note: Note | None = None
    tags: Tags = ()
    conference_id: (
        Annotated[str, Field(pattern=ID, description="Where the phone thinks that it is: the code has to be for this conference")]
        | None
    ) = None

    def scanned(self) -> Scanned:
        return Scanned(
            code=self.code,
            nonce=self.nonce,
            scanned_at=self.scanned_at,
            note=self.note or None,
            tags=self.tags,
            conference_id=self.conference_id,
        )


class OffLineScan(ScanContact):
    scanned_at: Annotated[Moment, Field(description="When it happened, by the phone's clock")]


class ScanBatch(Body):
    scans: Annotated[list[OffLineScan], Field(min_length=1, max_length=MOST_SCANS)]


@dataclass(frozen=True, slots=True)
class BatchedExchange:
    """Of one scan of a batch. `problem` is the slug of what kept it from being an exchange: send `busy` ones again."""

    nonce: str
    status: Literal["met", "known", "error"]
    contact: ContactView | None
    problem: str | None
    detail: str | None

    @classmethod
    def of(cls, nonce: str, settled: Met | Problem, by: str) -> "BatchedExchange":
        if isinstance(settled, Problem):
            return cls(nonce, "error", None, settled.slug, settled.detail)
        view = ContactView.of(settled.contact, by=by)
        return cls(nonce, "met" if settled.first else "known", view, None, None)


@dataclass(frozen=True, slots=True)
class ExchangeResults:
    """In the order of the scans."""

    results: list[BatchedExchange]


router = resource()


@router.post(
    "/contacts/exchange",
    status_code=201,
    summary="Scan a code: each gets the other as a contact",
    tags=["contacts"],
    responses={
        201: {"description": "They met", "content": {JSON: {"model": ContactView}}},
        200: {"description": "They had met before, or the scan is a repeated one", "content": {JSON: {"model": ContactView}}},
    },
)
def post_exchange(body: ScanContact, caller: CallerDep, exchanges: HoldersDep) -> tuple[ContactView, int]:
    met = exchange(exchanges, now, caller=caller, scanned=body.scanned())
    _count([met])
    return ContactView.of(met.contact, by=caller.user_id), 201 if met.first else 200


@router.post("/contacts/exchange/batch", summary="Hand in what was scanned off line", tags=["contacts"])
def post_exchange_batch(body: ScanBatch, caller: CallerDep, exchanges: HoldersDep) -> ExchangeResults:
    """Up to 100, in any order, whole or in part again. A code counts that was good when it was scanned."""
    settled = exchange_batch(exchanges, now, caller=caller, batch=[scan.scanned() for scan in body.scans])
    _count(settled)
    pairs = zip(body.scans, settled, strict=True)
    return ExchangeResults([BatchedExchange.of(scan.nonce, each, caller.user_id) for scan, each in pairs])


def _count(settled: list[Met] | list[Met | Problem]) -> None:
    for met in settled:
        if isinstance(met, Met) and met.first:
            count("Exchanges", met.contact.conference_id or "none")
