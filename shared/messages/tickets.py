"""What tickets tells the others."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.messages.message import Message
from shared.messages.order_mail import OrderMailMessage


@dataclass(frozen=True, slots=True)
class MailedCode:
    """A ticket of an order as its e-mail shows it. `code` admits whoever holds it."""

    number: int
    attendee_name: str
    ticket_type_name: str
    code: str
    valid_from: datetime
    time_zone: str
    valid_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class OrderMailDue(OrderMailMessage):
    """All tickets of a paid order are there: its e-mail can be made ready."""

    context = "tickets"


@dataclass(frozen=True, kw_only=True)
class OrderMailReady(OrderMailMessage):
    """Everything that the e-mail of an order says, as its tickets are now: those that its buyer still has.

    `paper` is the key, in the bucket of papers, of the document that they are printed in.
    """

    context = "tickets"
    tickets: list[MailedCode]
    paper: str = ""


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
class TicketMailReady(Message):
    """A ticket's new code is printed, to be mailed to its owner: who had it before too (`reissued`), or received it.

    `paper` is as in OrderMailReady. Name and e-mail are of who received it; whoever had it is written to as is on record.
    """

    context = "tickets"
    conference_id: str
    ticket_id: str
    order_id: str
    owner_id: str
    request_id: str
    ticket: MailedCode
    issued_at: datetime
    paper: str
    reissued: bool
    by_owner: bool = False  # whether it was they who asked for a new code
    owner_name: str = ""
    owner_email: str = ""
    conference_name: str = ""


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
class CheckInAnnulled(Message):
    """Whoever scanned took it back: nobody came through. `direction` is that of the scan."""

    context = "tickets"
    conference_id: str
    ticket_id: str
    direction: Literal["entry", "exit"]


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


@dataclass(frozen=True, kw_only=True)
class DoubleEntrySettled(Message):
    """A double entry is none any more, or somebody has resolved it: what `crew` were told by the message `found_id` is over."""

    context = "tickets"
    conference_id: str
    conflict_id: str
    found_id: str
    found_at: datetime  # when that message said that it happened
    crew: tuple[str, ...]
