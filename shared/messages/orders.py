"""What orders tells the others."""

from dataclasses import dataclass
from datetime import datetime

from shared.messages.message import Message
from shared.messages.order_mail import OrderMailMessage
from shared.money import Money


@dataclass(frozen=True, slots=True)
class TicketLine:
    """One ticket of an order: who it is for and what it admits to."""

    ticket_type_id: str
    ticket_type_name: str
    price: Money
    attendee_name: str
    attendee_email: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class LineState:
    """What an order has of a ticket type: reserved, or paid and not refunded."""

    ticket_type_id: str
    name: str
    quantity: int
    amount: Money


@dataclass(frozen=True, slots=True)
class OrderState:
    """An order as a change left it: of two messages of an order the one with the higher revision tells what it is."""

    revision: int
    status: str
    created_at: datetime
    total: Money  # of all that was ordered
    refunded: Money  # of it
    lines: tuple[LineState, ...]  # nothing of an order that has expired, was cancelled or refunded


@dataclass(frozen=True, kw_only=True)
class OrderReserved(Message):
    context = "orders"
    conference_id: str
    order_id: str
    buyer_id: str
    expires_at: datetime
    order: OrderState | None = None


@dataclass(frozen=True, kw_only=True)
class OrderPaid(Message):
    context = "orders"
    conference_id: str
    order_id: str
    buyer_id: str
    buyer_name: str
    buyer_email: str
    total: Money
    tickets: list[TicketLine]
    conference_name: str = ""
    time_zone: str = "UTC"
    revision: int = 0  # of the order; 0 in messages of before it was told
    created_at: datetime | None = None

    @property
    def order(self) -> OrderState | None:
        """The state that the other messages of an order spell out; here the tickets say it, and a message of 1 KB costs half."""
        if self.created_at is None:
            return None
        lines: dict[str, LineState] = {}
        for each in self.tickets:
            so_far = lines.get(each.ticket_type_id)
            quantity, amount = (so_far.quantity + 1, so_far.amount + each.price) if so_far else (1, each.price)
            lines[each.ticket_type_id] = LineState(each.ticket_type_id, each.ticket_type_name, quantity, amount)
        nothing = Money(0, self.total.currency)
        return OrderState(self.revision, "paid", self.created_at, self.total, nothing, tuple(lines.values()))


@dataclass(frozen=True, kw_only=True)
class OrderExpired(Message):
    context = "orders"
    conference_id: str
    order_id: str
    buyer_id: str
    conference_name: str = ""
    order: OrderState | None = None


@dataclass(frozen=True, kw_only=True)
class OrderCancelled(Message):
    context = "orders"
    conference_id: str
    order_id: str
    buyer_id: str
    was_paid: bool
    conference_name: str = ""
    order: OrderState | None = None


@dataclass(frozen=True, kw_only=True)
class OrderRefunded(Message):
    """`numbers` are the tickets given back, as `TicketIssued.number` has them; none: all that the order still has.

    `amount` is what is returned: nothing for tickets that cost nothing.
    """

    context = "orders"
    conference_id: str
    order_id: str
    buyer_id: str
    amount: Money
    conference_name: str = ""
    numbers: tuple[int, ...] = ()
    reason: str = ""
    order: OrderState | None = None


@dataclass(frozen=True, kw_only=True)
class RefundFailed(Message):
    """The provider will not return the money, or gave it back (`came_back`): it is with the organiser, who has to decide.

    `numbers` are the tickets that it was for; none: a payment that came too late. Those of a refund that was refused stay valid.
    """

    context = "orders"
    conference_id: str
    order_id: str
    buyer_id: str
    refund_id: str
    amount: Money
    came_back: bool
    conference_name: str = ""
    numbers: tuple[int, ...] = ()
    reason: str = ""
    order: OrderState | None = None


@dataclass(frozen=True, kw_only=True)
class OrderReseated(Message):
    """An order was paid after its hold had ended, and got its seats back: OrderPaid goes with it."""

    context = "orders"
    conference_id: str
    order_id: str
    buyer_id: str
    total: Money
    conference_name: str = ""


@dataclass(frozen=True, kw_only=True)
class PaymentPending(Message):
    """The provider has not decided yet: orders asks it again at `check_at`, should it not tell before."""

    context = "orders"
    conference_id: str
    order_id: str
    number: int  # of the attempt
    check_at: datetime


@dataclass(frozen=True, kw_only=True)
class AttendeeChanged(Message):
    """Who the `number`th ticket of an order is for, as of the order's `revision`: an older one is stale."""

    context = "orders"
    conference_id: str
    order_id: str
    buyer_id: str
    number: int
    attendee_name: str
    attendee_email: str
    is_paid: bool  # else there is no ticket yet, and OrderPaid will name this attendee
    revision: int
    ticket_type_name: str = ""
    conference_name: str = ""
    buyer_name: str = ""


@dataclass(frozen=True, kw_only=True)
class OrderMailRequested(OrderMailMessage):
    """An order's e-mail is to go out again; its tickets are still to be asked for."""

    context = "orders"


@dataclass(frozen=True, kw_only=True)
class WaitingListMessage(Message):
    """What all that is told of a place on a waiting list says. `leave_token`: whoever has it can give the place up."""

    context = "orders"
    conference_id: str
    entry_id: str
    user_id: str
    user_name: str
    user_email: str
    ticket_type_id: str
    ticket_type_name: str
    quantity: int
    leave_token: str
    conference_name: str = ""
    time_zone: str = "UTC"


@dataclass(frozen=True, kw_only=True)
class WaitingListJoined(WaitingListMessage):
    pass


@dataclass(frozen=True, kw_only=True)
class WaitingListOffered(WaitingListMessage):
    """The order holds the seats until it expires; paying it accepts the offer."""

    order_id: str
    expires_at: datetime | None = None  # none where it costs nothing and the tickets are on their way


@dataclass(frozen=True, kw_only=True)
class WaitingListOfferExpired(WaitingListMessage):
    order_id: str


@dataclass(frozen=True, kw_only=True)
class WaitingListLeft(WaitingListMessage):
    pass
