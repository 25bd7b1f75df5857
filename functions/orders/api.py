"""The routes of orders."""

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler import Depends
from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import Field

from functions.orders import api_ledger, api_payments, api_vouchers, api_waiting, paying, returning, use_cases, use_cases_aftersales
from functions.orders.api_vouchers import CODE, OffersDep
from functions.orders.api_waiting import LEAVE
from functions.orders.domain import Change, Order, OrderTicket, Status
from functions.orders.dynamo import DynamoOrders
from functions.orders.dynamo_sale import DynamoSale
from functions.orders.edge import ClockDep, Id, PathId
from functions.orders.lines import MAX_TICKETS, Attendee, Basket, Line, Wanted
from functions.orders.payment import Method, Payment, PaymentStatus, Refund, RefundStatus, Tender, WrongMethod
from functions.orders.provider import Providers
from functions.orders.providers import AllProviders
from functions.orders.returning import Policies
from functions.orders.simulated import CHARGED
from functions.orders.use_cases import Orders
from functions.orders.use_cases_stock import Availability, availability
from shared.fields import Email, PersonName
from shared.http import PUBLIC, Api, Body, CallerDep, CommandDep, Cursor, Limit, Page
from shared.money import Money

app = Api(pages_below=(LEAVE,))
app.include_router(api_ledger.router)
app.include_router(api_vouchers.router)
app.include_router(api_waiting.router)
app.include_router(api_payments.router)
handler = app.entry


# What the routes use


OrdersDep = Annotated[Orders, Depends(DynamoOrders)]
ProvidersDep = Annotated[Providers, Depends(AllProviders)]
PoliciesDep = Annotated[Policies, Depends(DynamoSale)]

# What they are sent

Token = Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,255}$", description="tok_ok is charged; docs/payments.md has more")]


TicketNumber = Annotated[int, Path(ge=1, le=MAX_TICKETS, description="Of the ticket in its order, from 1")]


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
    method: Method
    token: Annotated[Token, Field(description="For the simulated provider only")] = CHARGED

    def tender(self) -> Tender:
        """Raises WrongMethod."""
        if self.method == "stripe":
            return Tender("stripe")
        if os.environ.get("SIMULATED_PAYMENTS") == "off":
            raise WrongMethod("Simulated payments are switched off here. The organiser has to set up Stripe.")
        return Tender("simulated", self.token)


class RefundIn(Body):
    tickets: Annotated[
        list[Annotated[int, Field(ge=1, le=MAX_TICKETS, strict=True)]],
        Field(max_length=MAX_TICKETS, default_factory=list, description="Their numbers; none: all that are left"),
    ]
    amount: Annotated[
        int | None, Field(ge=0, strict=True, description="Minor units; an organizer may return less than the price")
    ] = None


class PlaceOrder(Body):
    conference_id: Id
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=10)]
    voucher: Annotated[str | None, Field(min_length=1, max_length=40, pattern=CODE, description="Its code")] = None
    payment: Pay | None = None

    def basket(self) -> Basket:
        return Basket(self.conference_id, tuple(line.wanted() for line in self.lines), self.voucher or "")


# What they answer


@dataclass(frozen=True, slots=True)
class LineView:
    ticket_type_id: str
    name: str
    quantity: int
    list_price: Money
    unit_price: Money
    discount: Money
    total: Money
    attendees: list[Attendee]

    @classmethod
    def of(cls, line: Line) -> "LineView":
        return cls(
            ticket_type_id=line.ticket_type_id,
            name=line.name,
            quantity=line.quantity,
            list_price=line.list_price,
            unit_price=line.unit_price,
            discount=line.list_price * line.quantity - line.total,
            total=line.total,
            attendees=list(line.attendees),
        )


@dataclass(frozen=True, slots=True)
class PaymentView:
    status: PaymentStatus
    method: Method
    reference: str | None
    attempt: int
    client_secret: str | None  # pending at Stripe, and just asked for: with it the buyer's browser confirms

    @classmethod
    def of(cls, payment: Payment) -> "PaymentView":
        reference, secret = payment.reference or None, payment.client_secret or None
        return cls(payment.status, payment.method, reference, payment.number, secret)


@dataclass(frozen=True, slots=True)
class RefundView:
    id: str
    status: RefundStatus
    amount: Money
    tickets: list[int]
    reason: str
    created_at: datetime

    @classmethod
    def of(cls, refund: Refund, currency: str) -> "RefundView":
        return cls(refund.id, refund.status, Money(refund.amount, currency), list(refund.numbers), refund.reason, refund.at)


@dataclass(frozen=True, slots=True)
class OrderView:
    id: str
    conference_id: str
    status: Status
    revision: int
    lines: list[LineView]
    tickets: list[OrderTicket]
    voucher: str | None
    discount: Money
    total: Money
    refunded: Money
    created_at: datetime
    expires_at: datetime | None
    paid_at: datetime | None
    payment: PaymentView | None
    refunds: list[RefundView]
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
            voucher=order.voucher or None,
            discount=order.discount,
            total=order.total,
            refunded=order.refunded,
            created_at=order.created_at,
            expires_at=order.expires_at,
            paid_at=order.paid_at,
            payment=PaymentView.of(order.payment) if order.payment else None,
            refunds=[RefundView.of(refund, order.total.currency) for refund in order.refunds],
            history=list(order.history),
        )


# Routes


@app.get("/orders/availability/<conference_id>", summary="What is on sale, up to a second old", tags=["orders"], security=PUBLIC)
def get_availability(conference_id: PathId, offers: OffersDep, clock: ClockDep) -> Availability:
    return availability(offers, clock, conference_id=conference_id)


@app.post("/orders", status_code=201, summary="Reserve tickets, and pay for them where `payment` is given", tags=["orders"])
def post_order(
    body: PlaceOrder, caller: CallerDep, command: CommandDep, orders: OrdersDep, providers: ProvidersDep, clock: ClockDep
) -> OrderView:
    order = use_cases.place_order(
        orders,
        providers,
        clock,
        order_id=command.id("ord"),
        fingerprint=command.fingerprint,
        buyer=caller,
        basket=body.basket(),
        payment=body.payment.tender() if body.payment else None,
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
    order_id: PathId, body: Pay, caller: CallerDep, orders: OrdersDep, providers: ProvidersDep, clock: ClockDep
) -> OrderView:
    return OrderView.of(paying.pay_order(orders, providers, clock, order_id=order_id, buyer=caller, tender=body.tender()))


@app.post("/orders/<order_id>/cancel", summary="Give up an order that is reserved, or cost nothing", tags=["orders"])
def post_cancellation(
    order_id: PathId, caller: CallerDep, orders: OrdersDep, providers: ProvidersDep, clock: ClockDep
) -> OrderView:
    return OrderView.of(returning.cancel_order(orders, providers, clock, order_id=order_id, caller=caller))


@app.post("/orders/<order_id>/refunds", summary="Return tickets, all or some, and get their price back", tags=["orders"])
def post_refund(
    order_id: PathId,
    body: RefundIn,
    caller: CallerDep,
    command: CommandDep,
    orders: OrdersDep,
    providers: ProvidersDep,
    policies: PoliciesDep,
    clock: ClockDep,
) -> OrderView:
    refunded = returning.refund_order(
        orders,
        providers,
        policies,
        clock,
        order_id=order_id,
        refund_id=command.id("rfd"),
        fingerprint=command.fingerprint,
        caller=caller,
        numbers=body.tickets,
        amount=body.amount,
    )
    return OrderView.of(refunded)


@app.patch("/orders/<order_id>/tickets/<number>", summary="Name who a ticket of an order is for", tags=["orders"])
def patch_ticket(
    order_id: PathId, number: TicketNumber, body: AttendeeIn, caller: CallerDep, orders: OrdersDep, clock: ClockDep
) -> OrderView:
    named = use_cases_aftersales.name_attendee(
        orders, clock, caller=caller, order_id=order_id, number=number, attendee=Attendee(body.name, body.email)
    )
    return OrderView.of(named)


@app.post("/orders/<order_id>/mails", status_code=202, summary="Send the e-mail with the tickets again", tags=["orders"])
def post_mail(order_id: PathId, caller: CallerDep, command: CommandDep, orders: OrdersDep, clock: ClockDep) -> OrderView:
    order = use_cases_aftersales.mail_again(orders, clock, caller=caller, order_id=order_id, command_id=command.id("req"))
    return OrderView.of(order)
