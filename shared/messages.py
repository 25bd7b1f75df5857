"""The messages of the bus: one frozen dataclass each, named in the past tense, fields only ever added.

On the bus a message is an EventBridge event: `detail-type` is the class name, `source` is `ketemu.<context>`, `detail` is
the message as JSON. Consumers ignore members they do not know, so a newer producer does not break them, and a member that is
added later has a default.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Literal

from pydantic import TypeAdapter

from shared import correlation
from shared.caller import Role
from shared.clock import now
from shared.ids import new_id
from shared.money import Money


@dataclass(frozen=True, kw_only=True)
class Message:
    """The envelope. `id` is the natural key for doing each effect once."""

    context: ClassVar[str]

    conference_id: str | None = None
    id: str = field(default_factory=lambda: new_id("msg"))
    version: int = 1
    occurred_at: datetime = field(default_factory=now)
    correlation_id: str = field(default_factory=correlation.current)

    @property
    def source(self) -> str:
        return f"ketemu.{self.context}"

    def to_json(self) -> str:
        return _adapter(type(self).__name__).dump_json(self).decode()


@cache
def _adapter(detail_type: str) -> TypeAdapter[Any]:
    return TypeAdapter(KINDS[detail_type])


def parse(detail_type: str, detail: Any) -> Message:
    """A message from its detail-type and detail. Raises KeyError for an unknown type, pydantic.ValidationError."""
    message: Message = _adapter(detail_type).validate_python(detail)
    return message


# auth


@dataclass(frozen=True, kw_only=True)
class UserRegistered(Message):
    context = "auth"
    user_id: str
    email: str
    name: str


@dataclass(frozen=True, kw_only=True)
class EmailVerificationRequested(Message):
    """`token` proves, until `expires_at` and once, that its bearer reads the mail of `email`. So in the two that follow."""

    context = "auth"
    user_id: str
    email: str
    name: str
    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class EmailChangeRequested(Message):
    """`email` is the new address, which has to be proven."""

    context = "auth"
    user_id: str
    email: str
    name: str
    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class PasswordResetRequested(Message):
    context = "auth"
    user_id: str
    email: str
    name: str
    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class PasswordForgotten(Message):
    """Somebody says that they forgot the password of `email`, whether or not there is such an account."""

    context = "auth"
    email: str


@dataclass(frozen=True, kw_only=True)
class EmailChanged(Message):
    context = "auth"
    user_id: str
    email: str
    old_email: str
    name: str


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(Message):
    context = "auth"
    user_id: str
    email: str
    name: str


@dataclass(frozen=True, kw_only=True)
class DataExportRequested(Message):
    """Each context puts what it holds of the person into the bucket of exports, under `export_id`."""

    context = "auth"
    user_id: str
    export_id: str


@dataclass(frozen=True, kw_only=True)
class UserErased(Message):
    """The account is gone. Each context erases the person, and what its books must keep names nobody."""

    context = "auth"
    user_id: str
    email: str
    name: str


# events


@dataclass(frozen=True, kw_only=True)
class ConferencePublished(Message):
    context = "events"
    conference_id: str
    name: str
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    published_by: str


@dataclass(frozen=True, slots=True)
class AgendaChange:
    """The old place is None of what is added, the new one of what is canceled; `fields` are the others that changed."""

    session_id: str
    title: str
    old_start: datetime | None = None
    new_start: datetime | None = None
    old_room: str | None = None
    new_room: str | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AgendaReleased(Message):
    """A release and what it changes of the one before; `truncated` where that was more than a message holds."""

    context = "events"
    conference_id: str
    release: int
    conference_name: str = ""
    added: tuple[AgendaChange, ...] = ()
    canceled: tuple[AgendaChange, ...] = ()
    moved: tuple[AgendaChange, ...] = ()
    changed: tuple[AgendaChange, ...] = ()
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class MovedSession:
    """Both starts carry the offset of the conference's time zone: they are shown as they are."""

    session_id: str
    title: str
    old_start: datetime
    old_room: str | None
    start: datetime
    room: str | None


@dataclass(frozen=True, slots=True)
class CanceledSession:
    """When and where it would have been; the start as in MovedSession."""

    session_id: str
    title: str
    start: datetime
    room: str | None


@dataclass(frozen=True, kw_only=True)
class AgendaMoved(Message):
    """To one person, once a release: which of the sessions they starred it moved, what it canceled, and how many `more`."""

    context = "events"
    conference_id: str
    user_id: str
    release: int
    moved: list[MovedSession]
    canceled: list[CanceledSession]
    more: int = 0
    conference_name: str = ""


@dataclass(frozen=True, kw_only=True)
class TicketTypeChanged(Message):
    """All that selling needs to know of a ticket type. `revision` grows with each change: an older one is stale."""

    context = "events"
    conference_id: str
    ticket_type_id: str
    revision: int
    name: str
    price: Money
    capacity: int
    min_per_order: int
    max_per_order: int
    sale_starts_at: datetime
    sale_ends_at: datetime
    hidden: bool
    valid_from: datetime  # the door admits between these two
    valid_until: datetime
    hold_minutes: int | float
    conference_name: str = ""
    time_zone: str = "UTC"  # of the conference; an IANA name, as wherever a message has one
    pool_id: str | None = None  # of the pool that it shares with other types, beside its own capacity
    max_per_person: int | None = None  # over all their orders


@dataclass(frozen=True, kw_only=True)
class PoolChanged(Message):
    """How many tickets the types that draw from the pool may sell together. `revision` as of TicketTypeChanged."""

    context = "events"
    conference_id: str
    pool_id: str
    revision: int
    capacity: int


@dataclass(frozen=True, kw_only=True)
class MembershipChanged(Message):
    """A person gained (`role` is set) or lost (`role` is None) a role in a conference. `revision` orders the changes."""

    context = "events"
    conference_id: str
    user_id: str
    role: Role | None
    revision: int
    conference_name: str = ""


@dataclass(frozen=True, kw_only=True)
class MemberInvited(Message):
    """Somebody with this e-mail may take a role, with `token`, once. No conference name from who has not proven an e-mail."""

    context = "events"
    conference_id: str
    invitation_id: str
    email: str
    role: Role
    token: str = field(repr=False)
    expires_at: datetime
    conference_name: str = ""
    time_zone: str = "UTC"


# orders


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
class OrderMailRequested(Message):
    """An order's e-mail is to go out again, once for each `request_id`; its tickets are still to be asked for."""

    context = "orders"
    conference_id: str
    order_id: str
    request_id: str
    buyer_id: str
    buyer_name: str
    buyer_email: str
    total: Money
    paid_at: datetime
    conference_name: str = ""


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


# tickets


@dataclass(frozen=True, slots=True)
class MailedCode:
    """A ticket of an order as its e-mail shows it. `code` admits whoever holds it."""

    number: int
    attendee_name: str
    ticket_type_name: str
    code: str
    valid_from: datetime
    time_zone: str


@dataclass(frozen=True, kw_only=True)
class OrderMailReady(Message):
    """Everything that the e-mail of an order says, as its tickets are now: those that its buyer still has."""

    context = "tickets"
    conference_id: str
    order_id: str
    request_id: str
    buyer_id: str
    buyer_name: str
    buyer_email: str
    total: Money
    paid_at: datetime
    tickets: list[MailedCode]
    conference_name: str = ""


@dataclass(frozen=True, kw_only=True)
class TicketIssued(Message):
    """`code` is the signed entry code: whoever can read it can show it at the door."""

    context = "tickets"
    conference_id: str
    ticket_id: str
    order_id: str
    order_tickets: int  # how many tickets the order has in all
    number: int  # which of them this is, from 1
    owner_id: str
    owner_name: str
    owner_email: str
    attendee_name: str
    ticket_type_name: str
    code: str
    valid_from: datetime
    conference_name: str = ""
    time_zone: str = "UTC"
    ticket_type_id: str = ""


@dataclass(frozen=True, kw_only=True)
class TicketCancelled(Message):
    context = "tickets"
    conference_id: str
    ticket_id: str
    order_id: str
    owner_id: str
    conference_name: str = ""
    number: int = 0  # which of its order's tickets, from 1


@dataclass(frozen=True, kw_only=True)
class TicketReissued(Message):
    """The ticket has a new code, and the one before is dead. `by_owner`: it was they who asked for it."""

    context = "tickets"
    conference_id: str
    ticket_id: str
    order_id: str
    owner_id: str
    by_owner: bool
    attendee_name: str
    ticket_type_name: str
    code: str
    serial: int  # of the code among the ticket's, from 1
    valid_from: datetime
    conference_name: str = ""
    time_zone: str = "UTC"


@dataclass(frozen=True, kw_only=True)
class TicketTransferOffered(Message):
    """`token` lets whoever reads the mailbox `email` accept or decline: it goes there and nowhere else."""

    context = "tickets"
    conference_id: str
    ticket_id: str
    ticket_type_name: str
    owner_id: str
    owner_name: str
    email: str
    token: str
    valid_from: datetime
    expires_at: datetime
    conference_name: str = ""
    time_zone: str = "UTC"


@dataclass(frozen=True, kw_only=True)
class TicketTransferEnded(Message):
    """An offer that was not accepted: `declined` by whom it was made to, or else withdrawn by the owner."""

    context = "tickets"
    conference_id: str
    ticket_id: str
    owner_id: str
    email: str
    declined: bool
    conference_name: str = ""


@dataclass(frozen=True, kw_only=True)
class TicketTransferred(Message):
    """The ticket is `owner_id`'s now, for whom it has a new `code`; that of `from_id` is dead."""

    context = "tickets"
    conference_id: str
    ticket_id: str
    order_id: str
    ticket_type_name: str
    from_id: str
    owner_id: str
    owner_name: str
    owner_email: str
    code: str
    serial: int
    valid_from: datetime
    conference_name: str = ""
    time_zone: str = "UTC"
    ticket_type_id: str = ""


@dataclass(frozen=True, kw_only=True)
class TicketCheckedIn(Message):
    context = "tickets"
    conference_id: str
    ticket_id: str
    owner_id: str
    ticket_type_id: str
    gate: str | None
    direction: Literal["entry", "exit"]
    scanned_at: datetime
    conference_name: str = ""
    time_zone: str = "UTC"
    attendee_name: str = ""  # where that is not the owner


@dataclass(frozen=True, kw_only=True)
class DoubleEntryFound(Message):
    """A ticket was admitted twice while scanners were apart. `crew` are the people to tell; each `by` is a scanner or a person."""

    context = "tickets"
    conference_id: str
    conflict_id: str
    ticket_id: str
    crew: tuple[str, ...]
    first_gate: str | None
    first_at: datetime
    first_by: str
    second_gate: str | None
    second_at: datetime
    second_by: str
    conference_name: str = ""
    time_zone: str = "UTC"


# contacts


@dataclass(frozen=True, kw_only=True)
class ContactExchanged(Message):
    context = "contacts"
    exchange_id: str
    scanner_id: str
    scanned_id: str
    scanner_name: str
    scanned_name: str


# notifications


@dataclass(frozen=True, kw_only=True)
class DigestOpened(Message):
    """News for a person are gathered until `due_at`, to go out as one e-mail."""

    context = "notifications"
    user_id: str
    digest_id: str
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class DoorCounted(Message):
    """The counts of a door have changed since they were last shown."""

    context = "notifications"
    conference_id: str


@dataclass(frozen=True, kw_only=True)
class LiveFrame(Message):
    """What some of the connections that hear of a topic are still to be sent; `frame` is JSON."""

    context = "notifications"
    topic: str
    connection_ids: list[str]
    frame: str


def _kinds(of: type[Message]) -> Iterator[type[Message]]:
    for kind in of.__subclasses__():
        if kind.__subclasses__():
            yield from _kinds(kind)  # it only says what several have in common
        else:
            yield kind


KINDS: dict[str, type[Message]] = {kind.__name__: kind for kind in _kinds(Message)}
