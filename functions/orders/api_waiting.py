"""The waiting list: joining it, leaving it by the link of the e-mail, and seeing who waits."""

from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Depends, Response
from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import Field

from functions.orders import use_cases_waiting
from functions.orders.dynamo import DynamoOrders
from functions.orders.dynamo_waiting import DynamoWaiting
from functions.orders.edge import ClockDep, Id, PathId, resource
from functions.orders.lines import MAX_TICKETS
from functions.orders.paying import PayableOrders
from functions.orders.provider import Providers
from functions.orders.providers import AllProviders
from functions.orders.use_cases_waiting import Waiting
from functions.orders.waiting import Entry, State
from shared.http import PUBLIC, Accept, Body, CallerDep, Cursor, Limit, Page
from shared.pages import page_or_json

router = resource()

LEAVE = "/orders/waiting-list/leave/"
_LEAVE = f"{LEAVE}<token>"

WaitingDep = Annotated[Waiting, Depends(DynamoWaiting)]
OrdersDep = Annotated[PayableOrders, Depends(DynamoOrders)]
ProvidersDep = Annotated[Providers, Depends(AllProviders)]
Token = Annotated[str, Path(max_length=128, pattern=r"^[A-Za-z0-9_.-]+$")]


class JoinWaitingList(Body):
    conference_id: Id
    ticket_type_id: Id
    quantity: Annotated[int, Field(ge=1, le=MAX_TICKETS, strict=True)] = 1


@dataclass(frozen=True, slots=True)
class PlaceView:
    """Of one's own place; `position` counts from 1 among those who wait for the same ticket type."""

    id: str
    conference_id: str
    ticket_type_id: str
    ticket_type_name: str
    quantity: int
    status: State
    position: int | None
    joined_at: datetime
    order_id: str | None
    offer_expires_at: datetime | None
    leave_token: str

    @classmethod
    def of(cls, entry: Entry, waiting: Waiting) -> "PlaceView":
        return cls(
            id=entry.id,
            conference_id=entry.conference_id,
            ticket_type_id=entry.ticket_type_id,
            ticket_type_name=entry.ticket_type_name,
            quantity=entry.quantity,
            status=entry.state,
            position=waiting.before(entry) + 1 if entry.state == "waiting" else None,
            joined_at=entry.joined_at,
            order_id=entry.order_id,
            offer_expires_at=entry.offer_expires_at,
            leave_token=entry.token,
        )


@dataclass(frozen=True, slots=True)
class LinkView:
    """What the link of an e-mail shows: nothing of the person, since links are passed on."""

    ticket_type_name: str
    conference_name: str
    quantity: int
    status: State

    @classmethod
    def of(cls, entry: Entry) -> "LinkView":
        return cls(entry.ticket_type_name, entry.conference_name, entry.quantity, entry.state)


# What the page says of a place: heading, note and button.
_WORDS: dict[State, tuple[str, str, str | None]] = {
    "waiting": (
        "Leave the waiting list?",
        "Your place goes to whoever is behind you. To wait again is to begin at the end.",
        "Leave",
    ),
    "offered": ("Decline what is kept for you?", "It goes to whoever is next on the waiting list.", "Decline it"),
    "purchased": ("You have your tickets", "Nobody waits for them any more.", None),
    "offer_expired": ("What was kept for you is gone", "You are not on the waiting list any more.", None),
    "cancelled": ("You are not on the waiting list any more", "Join again where the tickets are sold.", None),
}


@dataclass(frozen=True, slots=True)
class WaiterView:
    id: str
    ticket_type_id: str
    ticket_type_name: str
    quantity: int
    status: State
    user_id: str
    name: str
    email: str
    joined_at: datetime
    order_id: str | None
    offer_expires_at: datetime | None

    @classmethod
    def of(cls, entry: Entry) -> "WaiterView":
        return cls(
            id=entry.id,
            ticket_type_id=entry.ticket_type_id,
            ticket_type_name=entry.ticket_type_name,
            quantity=entry.quantity,
            status=entry.state,
            user_id=entry.user_id,
            name=entry.user_name,
            email=entry.user_email,
            joined_at=entry.joined_at,
            order_id=entry.order_id,
            offer_expires_at=entry.offer_expires_at,
        )


@router.post("/orders/waiting-list", status_code=201, summary="Wait for what is sold out; may be repeated", tags=["orders"])
def post_waiting(body: JoinWaitingList, caller: CallerDep, waiting: WaitingDep, clock: ClockDep) -> PlaceView:
    entry = use_cases_waiting.join(
        waiting,
        clock,
        caller=caller,
        conference_id=body.conference_id,
        ticket_type_id=body.ticket_type_id,
        quantity=body.quantity,
        secret=token_urlsafe(16),
    )
    return PlaceView.of(entry, waiting)


@router.get("/orders/waiting-list", summary="Where the caller waits, or did, newest first", tags=["orders"])
def get_waiting(caller: CallerDep, waiting: WaitingDep, limit: Limit = 50, cursor: Cursor = None) -> Page[PlaceView]:
    entries, following = waiting.of_person(caller.user_id, limit, cursor)
    return Page([PlaceView.of(entry, waiting) for entry in entries], following)


_ANSWERS: dict[int, Any] = {
    200: {"description": "The place", "content": {"application/json": {"model": LinkView}, "text/html": {}}}
}


@router.get(
    _LEAVE,
    summary="What the link of the e-mail is about, or by Accept a page that asks: it changes nothing",
    tags=["orders"],
    security=PUBLIC,
    responses=_ANSWERS,
)
def get_leave(token: Token, waiting: WaitingDep, accept: Accept = "*/*") -> Response[Any]:
    return _place(accept, LinkView.of(use_cases_waiting.look(waiting, token=token)))


@router.post(
    _LEAVE,
    summary="Leave the waiting list, or decline the offer; may be repeated",
    tags=["orders"],
    security=PUBLIC,
    responses=_ANSWERS,
)
def post_leave(
    token: Token, waiting: WaitingDep, orders: OrdersDep, providers: ProvidersDep, clock: ClockDep, accept: Accept = "*/*"
) -> Response[Any]:
    return _place(accept, LinkView.of(use_cases_waiting.leave(waiting, orders, providers, clock, token=token)))


def _place(accept: str, place: LinkView) -> Response[Any]:
    heading, note, button = _WORDS[place.status]
    about = f"{place.quantity} × {place.ticket_type_name}, {place.conference_name}"
    return page_or_json(accept, place, heading=heading, about=[about], note=note, button=button)


@router.get("/orders/conferences/<conference_id>/waiting-list", summary="Who waits, or did, first come first", tags=["orders"])
def get_waiters(
    conference_id: PathId, caller: CallerDep, waiting: WaitingDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[WaiterView]:
    caller.require(conference_id, "organizer")
    entries, following = waiting.of_conference(conference_id, limit, cursor)
    return Page([WaiterView.of(entry) for entry in entries], following)
