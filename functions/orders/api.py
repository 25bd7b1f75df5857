"""The routes of orders."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler import Depends
from pydantic import Field

from functions.orders import api_ledger, use_cases
from functions.orders.cache import RecentOffers
from functions.orders.domain import MAX_TICKETS, Attendee, Basket, Change, Line, Order, OrderTicket, Payment, Status, Wanted
from functions.orders.dynamo import DynamoOrders
from functions.orders.dynamo_stock import DynamoStock
from functions.orders.edge import ClockDep, Id, PathId
from functions.orders.payments import CHARGED, Simulated
from functions.orders.use_cases import Orders, Payments
from functions.orders.use_cases_stock import Availability, Offers, availability
from shared.clock import now
from shared.fields import Email, PersonName
from shared.http import PUBLIC, Api, Body, CallerDep, CommandDep, Cursor, Limit, Page
from shared.money import Money

app = Api()
app.include_router(api_ledger.router)
handler = app.entry


# What the routes use


@cache
def recent_offers() -> Offers:
    return RecentOffers(DynamoStock(), now)


OffersDep = Annotated[Offers, Depends(recent_offers)]
OrdersDep = Annotated[Orders, Depends(DynamoOrders)]
PaymentsDep = Annotated[Payments, Depends(Simulated)]

# What they are sent

Token = Annotated[
    str, Field(pattern=r"^[\x21-\x7e]{1,255}$", description="tok_ok is charged, tok_declined declined; see payments.py")
]


class AttendeeIn(Body):
    name: PersonName
    email: Email


class LineIn(Body):
    ticket_type_id: Id
    quantity: Annotated[int, Field(ge=1, le=MAX_TICKETS, strict=True)]
    attendees: Annotated[list[AttendeeIn], Field(max_length=MAX_TICKETS, default_factory=list)]

    def wanted(self) -> Wanted:
        return Wanted(self.ticket_type_id, self.quantity, tuple(Attendee(each.name, each.email) for each in self.attendees))


class Pay(Body):
    method: Literal["simulated"]
    token: Token = CHARGED


class PlaceOrder(Body):
    conference_id: Id
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=10)]
    payment: Pay | None = None

    def basket(self) -> Basket:
        return Basket(self.conference_id, tuple(line.wanted() for line in self.lines))


# What they answer


@dataclass(frozen=True, slots=True)
class LineView:
    ticket_type_id: str
    name: str
    quantity: int
    unit_price: Money
    total: Money
    attendees: list[Attendee]

    @classmethod
    def of(cls, line: Line) -> "LineView":
        return cls(line.ticket_type_id, line.name, line.quantity, line.unit_price, line.total, list(line.attendees))


@dataclass(frozen=True, slots=True)
class OrderView:
    id: str
    conference_id: str
    status: Status
    revision: int
    lines: list[LineView]
    tickets: list[OrderTicket]
    total: Money
    refunded: Money
    created_at: datetime
    expires_at: datetime | None
    paid_at: datetime | None
    payment: Payment | None
    history: list[Change]

    @classmethod
    def of(cls, order: Order) -> "OrderView":
        return cls(
            id=order.id,
            conference_id=order.conference_id,
            status=order.status,
            revision=order.revision,
            lines=[LineView.of(line) for line in order.lines],
            tickets=list(order.tickets),
            total=order.total,
            refunded=order.refunded,
            created_at=order.created_at,
            expires_at=order.expires_at,
            paid_at=order.paid_at,
            payment=order.payment,
            history=list(order.history),
        )


# Routes


@app.get("/orders/availability/<conference_id>", summary="What is on sale, up to a second old", tags=["orders"], security=PUBLIC)
def get_availability(conference_id: PathId, offers: OffersDep, clock: ClockDep) -> Availability:
    return availability(offers, clock, conference_id=conference_id)


@app.post("/orders", status_code=201, summary="Reserve tickets, and pay for them where `payment` is given", tags=["orders"])
def post_order(
    body: PlaceOrder, caller: CallerDep, command: CommandDep, orders: OrdersDep, payments: PaymentsDep, clock: ClockDep
) -> OrderView:
    order = use_cases.place_order(
        orders,
        payments,
        clock,
        order_id=command.id("ord"),
        fingerprint=command.fingerprint,
        buyer=caller,
        basket=body.basket(),
        token=body.payment.token if body.payment else None,
    )
    return OrderView.of(order)


@app.get("/orders", summary="The caller's orders, newest first", tags=["orders"])
def get_orders(caller: CallerDep, orders: OrdersDep, limit: Limit = 50, cursor: Cursor = None) -> Page[OrderView]:
    items, following = orders.of_buyer(caller.user_id, limit, cursor)
    return Page([OrderView.of(order) for order in items], following)


@app.get("/orders/<order_id>", summary="An order of the caller, or of a conference the caller organises", tags=["orders"])
def get_order(order_id: PathId, caller: CallerDep, orders: OrdersDep) -> OrderView:
    return OrderView.of(use_cases.read_order(orders, order_id=order_id, caller=caller))


@app.post("/orders/<order_id>/payments", summary="Pay for a reserved order; once, however often it is asked", tags=["orders"])
def post_payment(
    order_id: PathId, body: Pay, caller: CallerDep, orders: OrdersDep, payments: PaymentsDep, clock: ClockDep
) -> OrderView:
    return OrderView.of(use_cases.pay_order(orders, payments, clock, order_id=order_id, buyer=caller, token=body.token))


@app.post("/orders/<order_id>/cancel", summary="Give up a reserved order", tags=["orders"])
def post_cancellation(order_id: PathId, caller: CallerDep, orders: OrdersDep, clock: ClockDep) -> OrderView:
    return OrderView.of(use_cases.cancel_order(orders, clock, order_id=order_id, buyer=caller))
