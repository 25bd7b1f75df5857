"""The routes of organisers: a conference's orders, listed, counted and exported."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler import Depends, Response
from aws_lambda_powertools.event_handler.openapi.params import Header, Query

from functions.orders import use_cases_ledger
from functions.orders.domain import OrderTicket, Status
from functions.orders.dynamo_ledger import DynamoLedger
from functions.orders.edge import ID, ClockDep, PathId, resource
from functions.orders.export import Sheet
from functions.orders.ledger import Entry, Filter, words_of
from functions.orders.use_cases_ledger import Ledger, Totals
from shared.http import CallerDep, Cursor, Limit, Page, answers_with, binary
from shared.money import Money
from shared.negotiation import takes

_CONFERENCE = "/orders/conferences/<conference_id>"

LedgerDep = Annotated[Ledger, Depends(DynamoLedger)]
AcceptEncoding = Annotated[str, Header(alias="Accept-Encoding", max_length=255, description="gzip is understood")]

StatusQuery = Annotated[Status | None, Query(description="Only orders that are this")]
TypeQuery = Annotated[str | None, Query(pattern=ID, description="Only orders with a ticket of this type")]
DayQuery = Annotated[
    date | None, Query(ge=date(2000, 1, 1), le=date(2200, 1, 1), description="Only orders placed on this day, at the conference")
]
TextQuery = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=200,
        description="The beginnings of words: of names and e-mail addresses of buyers and attendees, or of an order's id",
    ),
]


def _filter(status: StatusQuery = None, ticket_type_id: TypeQuery = None, day: DayQuery = None, q: TextQuery = None) -> Filter:
    return Filter(status=status, ticket_type_id=ticket_type_id, day=day.isoformat() if day else None, text=tuple(words_of(q or "")))


@dataclass(frozen=True, slots=True)
class EntryView:
    id: str
    status: Status
    revision: int
    created_at: datetime
    paid_at: datetime | None
    day: str
    buyer_name: str
    buyer_email: str
    total: Money
    refunded: Money
    tickets: list[OrderTicket]

    @classmethod
    def of(cls, entry: Entry) -> "EntryView":
        return cls(
            id=entry.order_id,
            status=entry.status,
            revision=entry.revision,
            created_at=entry.created_at,
            paid_at=entry.paid_at,
            day=entry.day,
            buyer_name=entry.buyer_name,
            buyer_email=entry.buyer_email,
            total=entry.total,
            refunded=entry.refunded,
            tickets=list(entry.tickets),
        )


router = resource()


@router.get(
    _CONFERENCE,
    summary="A conference's orders, newest first, for its organisers and staff",
    description=(
        "Filters narrow each other, and then a page may hold fewer than `limit`: the list ends where `next_cursor` is null. "
        "With `q` the orders come by the word that was found. A change of an order is here a moment after it was made."
    ),
    tags=["orders"],
)
def get_conference_orders(
    conference_id: PathId,
    caller: CallerDep,
    ledger: LedgerDep,
    status: StatusQuery = None,
    ticket_type_id: TypeQuery = None,
    day: DayQuery = None,
    q: TextQuery = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[EntryView]:
    wanted = _filter(status, ticket_type_id, day, q)
    entries, following = use_cases_ledger.list_orders(
        ledger, caller=caller, conference_id=conference_id, wanted=wanted, limit=limit, cursor=cursor
    )
    return Page([EntryView.of(entry) for entry in entries], following)


@router.get(f"{_CONFERENCE}/totals", summary="What a conference has sold, by type and day, for its organisers", tags=["orders"])
def get_conference_totals(conference_id: PathId, caller: CallerDep, ledger: LedgerDep) -> Totals:
    return use_cases_ledger.read_totals(ledger, caller=caller, conference_id=conference_id)


@router.get(
    f"{_CONFERENCE}/export.csv",
    summary="A conference's orders as a CSV file, a line for each ticket, for its organisers",
    description=(
        "UTF-8. A file that is too large for one answer (some 50,000 tickets, or 10,000 without gzip) comes in parts: `Link` with "
        "`rel=next` says where the next one is, and the parts one after the other are the file."
    ),
    tags=["orders"],
    responses=answers_with("The file, or its next part", "text/csv"),
)
def get_conference_export(
    conference_id: PathId,
    caller: CallerDep,
    ledger: LedgerDep,
    clock: ClockDep,
    status: StatusQuery = None,
    ticket_type_id: TypeQuery = None,
    day: DayQuery = None,
    q: TextQuery = None,
    cursor: Cursor = None,
    accept_encoding: AcceptEncoding = "",
) -> Response[Any]:  # a str, which Response does not take for Any other
    wanted, is_gzipped = _filter(status, ticket_type_id, day, q), takes("gzip", accept_encoding)
    sheet = Sheet(is_first=cursor is None, is_gzipped=is_gzipped)
    following = use_cases_ledger.export_orders(
        ledger, sheet, clock, caller=caller, conference_id=conference_id, wanted=wanted, cursor=cursor
    )
    headers = {"Content-Disposition": f'attachment; filename="orders-{conference_id}.csv"', "Vary": "Accept-Encoding"}
    if is_gzipped:
        headers["Content-Encoding"] = "gzip"
    if following:
        asked = {"status": status, "ticket_type_id": ticket_type_id, "day": wanted.day, "q": q, "cursor": following}
        headers["Link"] = f'<?{urlencode({name: value for name, value in asked.items() if value})}>; rel="next"'
    return binary(Sheet.media_type, sheet.finished(), headers)
