"""What a person is told, and in which words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shared.caller import Role
from shared.clock import local_time
from shared.ids import derived_id, id_bytes, id_from_bytes
from shared.money import Money

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")

_NAMED = 10  # changed sessions that one piece of news names

_NAMING = frozenset({"contact-exchanged", "contact-awaits", "contact-confirmed"})  # kinds that name whom one met

_AS_ROLE: dict[Role, str] = {
    "organizer": "an organizer of",
    "staff": "staff of",
    "exhibitor": "an exhibitor at",
    "speaker": "a speaker at",
}


@dataclass(frozen=True, slots=True)
class News:
    """What happened to a person. `kind` is stable: clients choose an icon and a link by it; `data` holds the ids to link to."""

    kind: str
    title: str
    body: str
    data: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notification:
    """News in somebody's inbox. `created_at` is when it happened; `number` says in which order it arrived, from 1."""

    id: str
    kind: str
    title: str
    body: str
    data: dict[str, str]
    created_at: datetime
    read: bool = False
    number: int = 0

    @property
    def subject(self) -> str | None:
        """What it is about, where that can be taken back together with all that named it."""
        return self.data.get("exchange_id") if self.kind in _NAMING else None

    @classmethod
    def of(cls, news: News, *, message_id: str, user_id: str, occurred_at: datetime) -> "Notification":
        identity = notification_id(message_id, news.kind, user_id, occurred_at)
        return cls(identity, news.kind, news.title, news.body, news.data, occurred_at)


def notification_id(message_id: str, kind: str, user_id: str, occurred_at: datetime) -> str:
    """The same for a person and what a message tells them however often it comes; ids of later events sort later (as ULIDs do)."""
    milliseconds = round(occurred_at.timestamp() * 1000)
    return id_from_bytes("ntf", milliseconds.to_bytes(6, "big") + id_bytes(derived_id("ntf", message_id, kind, user_id))[6:])


@dataclass(frozen=True, slots=True)
class InboxPage:
    """One page, newest first. `unread_count` is of the whole inbox; `latest` is the number of what arrived last."""

    items: list[Notification]
    next_cursor: str | None
    unread_count: int
    latest: int = 0


@dataclass(frozen=True, slots=True)
class Missed:
    """What arrived after a number, in its order, up to `latest`; not `complete` where some of it was not found among the newest."""

    items: list[Notification]
    latest: int
    complete: bool


# The words

TOO_LATE = "paid too late"  # the reason of the refund of a payment that came when its seats were gone


def welcome(name: str) -> News:
    return News(
        "welcome",
        f"Welcome to Ketemu, {name}",
        "Your account is ready. Get a ticket for a conference, and fill in your contact card for the people you will meet.",
    )


def role_changed(conference_id: str, conference: str, role: Role | None) -> News:
    where, data = conference_named(conference), {"conference_id": conference_id}
    if role is None:
        title = f"You are no longer on the team of {where}"
        return News("role-changed", title, "Your role in this conference was taken back. Your tickets are not affected.", data)
    title = f"You are now {_AS_ROLE[role]} {where}"
    return News("role-changed", title, "The new role works from your next log-in, or at once after a token refresh.", data)


def invited(conference: str, role: Role, until: str) -> News:
    return News(
        "invited",
        f"You are invited to be {_AS_ROLE[role]} {conference_named(conference)}",
        f"Log in, or register with any address, and accept; the link is good once, until {until}. "
        "If you do not know what this is about, there is nothing to do.",
    )


def order_paid(order_id: str, conference_id: str, conference: str, total: Money, tickets: int) -> News:
    return News(
        "order-paid",
        f"Your order for {conference_named(conference)} is complete",
        f"{_count(tickets)}, {price(total)}. {'It is' if tickets == 1 else 'They are'} on the way to you by e-mail.",
        {"conference_id": conference_id, "order_id": order_id},
    )


def attendee_changed(order_id: str, conference_id: str, conference: str, number: int, attendee: str) -> News:
    return News(
        "attendee-changed",
        f"Ticket {number} of your order for {conference_named(conference)} is now for {attendee}",
        "Its code is the same. If you did not expect this, ask the organiser.",
        {"conference_id": conference_id, "order_id": order_id},
    )


def order_expired(order_id: str, conference_id: str, conference: str) -> News:
    return News(
        "order-expired",
        f"Your reservation for {conference_named(conference)} has expired",
        "It was not paid in time, so its seats are on sale again. Nothing was charged; you can place a new order.",
        {"conference_id": conference_id, "order_id": order_id},
    )


def order_cancelled(order_id: str, conference_id: str, conference: str, was_paid: bool) -> News:
    return News(
        "order-cancelled",
        f"Your order for {conference_named(conference)} is cancelled",
        "Its tickets are no longer valid. You hear from us again when money is returned."
        if was_paid
        else "Its seats are on sale again. Nothing was charged.",
        {"conference_id": conference_id, "order_id": order_id},
    )


def order_refunded(
    order_id: str, conference_id: str, conference: str, amount: Money, numbers: Sequence[int] = (), reason: str = ""
) -> News:
    """`numbers` are of the tickets given back; there are none where the payment came too late to get any (`reason` says so)."""
    where, data = conference_named(conference), {"conference_id": conference_id, "order_id": order_id}
    title, body = f"Refund for {where}: {amount}", f"{amount} of your order is on its way back to you, to where it was paid from."
    if not amount.amount:
        title = f"{_count(len(numbers))} for {where} given back"
        body = "They no longer open the door. No money is returned for them."
    elif reason == TOO_LATE:
        title = f"Paid too late for {where}: {amount} returned"
        body = "Your payment came after the reservation had ended, and its seats were no longer free. All of it is on its way back."
    return News("order-refunded", title, body, data)


def order_reseated(order_id: str, conference_id: str, conference: str, total: Money) -> News:
    return News(
        "order-reseated",
        f"Your seats for {conference_named(conference)} are yours after all",
        f"Your payment of {total} came after the reservation had ended; its seats were still free and are yours again.",
        {"conference_id": conference_id, "order_id": order_id},
    )


def waiting_list_joined(what: str, conference: str, data: dict[str, str]) -> News:
    return News(
        "waiting-list-joined",
        f"You wait for {what} at {conference_named(conference)}",
        "You hear from us when it is your turn: seats that come back are offered strictly in the order of joining. "
        "If you no longer want them, leave by the link, and the next one is sooner.",
        data,
    )


def waiting_list_offered(what: str, conference: str, until: str | None, data: dict[str, str]) -> News:
    body = f"They are held for you until {until}. Pay the order before, or they go to the next." if until else "They are yours."
    return News("waiting-list-offered", f"It is your turn: {what} at {conference_named(conference)}", body, data)


def waiting_list_offer_expired(what: str, conference: str, data: dict[str, str]) -> News:
    return News(
        "waiting-list-offer-expired",
        f"The offer of {what} at {conference_named(conference)} has expired",
        "It was not paid in time and has gone to the next in line. Nothing was charged; you can join the waiting list again.",
        data,
    )


def waiting_list_left(what: str, conference: str, data: dict[str, str]) -> News:
    return News(
        "waiting-list-left",
        f"You no longer wait for {what} at {conference_named(conference)}",
        "Your place on the waiting list is given up.",
        data,
    )


def ticket_cancelled(ticket_id: str, conference_id: str, order_id: str, conference: str, number: int) -> News:
    """`number` is the ticket's within its order, as the order's mail has it; 0 where it is not known."""
    return News(
        "ticket-cancelled",
        f"Your ticket for {conference_named(conference)} is cancelled",
        f"{f'Ticket {number}' if number else 'A ticket'} of your order no longer opens the door.",
        {"conference_id": conference_id, "order_id": order_id, "ticket_id": ticket_id},
    )


def session_moved(title: str, old_start: datetime, start: datetime, room: str | None) -> str:
    """In the local time that both starts carry; the day is told where it is another."""
    when = f"{start:%H:%M}" if start.date() == old_start.date() else f"{_day(start)}, {start:%H:%M}"
    return f"{title} moved to {when}{f' in {room}' if room else ''}"


def session_canceled(title: str, start: datetime) -> str:
    return f"{title} on {_day(start)}, {start:%H:%M}, is canceled"


def agenda_moved(conference_id: str, conference: str, release: int, changes: Sequence[str], *, more: int) -> News:
    """`more`: how many changes there are beside `changes`, of which there is at least one."""
    number = len(changes) + more
    rest = number - len(changes[:_NAMED])
    told = [*changes[:_NAMED], *([f"and {rest} more"] if rest else [])]
    return News(
        "agenda-moved",
        changes[0] if number == 1 else f"{number} sessions at {conference_named(conference)} changed",
        f"So says the new agenda of {conference_named(conference)}." if number == 1 else f"{'; '.join(told)}.",
        {"conference_id": conference_id, "release": str(release)},
    )


def ticket_scanned(
    ticket_id: str, conference_id: str, conference: str, *, attendee: str, entered: bool, gate: str | None, when: str
) -> News:
    """For the owner of a ticket; `attendee` is empty where that is the owner."""
    at_gate = f" at gate {gate}" if gate else ""
    done, kind = ("checked in", "checked-in") if entered else ("checked out", "checked-out")
    return News(
        kind,
        f"{_greeting(attendee, entered)} {conference_named(conference)}",
        f"{f'The ticket of {attendee}' if attendee else 'Your ticket'} was {done}{at_gate} on {when}.",
        {"conference_id": conference_id, "ticket_id": ticket_id},
    )


def passage(gate: str | None, at: datetime, time_zone: str) -> str:
    """E.g. `at gate North on 1 June 2027, 09:00 (Asia/Jakarta)`."""
    return f"{f'at gate {gate} ' if gate else ''}on {local_time(at, time_zone)}"


def double_entry(conflict_id: str, ticket_id: str, conference_id: str, conference: str, *, first: str, second: str) -> News:
    """For the crew; `first` and `second` are passages."""
    return News(
        "double-entry",
        f"A ticket was let in twice at {conference_named(conference)}",
        f"It came in {first} and again {second}, while scanners were off line. Find out why, and resolve it with a note.",
        {"conference_id": conference_id, "ticket_id": ticket_id, "conflict_id": conflict_id},
    )


def _greeting(attendee: str, entered: bool) -> str:
    if attendee:
        return f"{attendee} is at" if entered else f"{attendee} has left"
    return "Welcome to" if entered else "See you again at"


def ticket_reissued(conference: str, data: dict[str, str], *, by_owner: bool) -> News:
    why = "You asked for it." if by_owner else "The organiser made it for you."
    return News(
        "ticket-reissued",
        f"Your ticket for {conference_named(conference)} has a new code",
        f"{why} The old code no longer opens the door: throw away what you printed or saved of it.",
        data,
    )


def ticket_received(conference: str, data: dict[str, str]) -> News:
    return News(
        "ticket-received",
        f"Your ticket for {conference_named(conference)}",
        "It is yours now, with a code of its own. Whoever had it before cannot get in with theirs.",
        data,
    )


def contact_made(exchange_id: str, other: str, company: str = "") -> News:
    """`company`: of an exhibitor, whose whole team keeps what is shown to exhibitors."""
    kept = f"{company} keeps what your card shows exhibitors" if company else "Each of you has what the other's card shows"
    return News(
        "contact-exchanged",
        f"You met {other}{f' of {company}' if company else ''}",
        f"You and {other} exchanged contacts. {kept}, until it is withdrawn.",
        {"exchange_id": exchange_id},
    )


def contact_awaits(exchange_id: str, other: str) -> News:
    return News(
        "contact-awaits",
        f"{other} waits for you to confirm",
        f"Your card shows more to those whom you confirm. Decide whether {other} is one of them.",
        {"exchange_id": exchange_id},
    )


def contact_confirmed(exchange_id: str, other: str) -> News:
    return News(
        "contact-confirmed",
        f"{other} shows you more",
        f"There is more of {other} in your contacts now.",
        {"exchange_id": exchange_id},
    )


def contact_withdrawn(exchange_id: str, *, whole: bool) -> News:
    """It names nobody: the name may be what was taken back."""
    gone = "all that they had shown: they are off your list" if whole else "some of what they had shown"
    return News(
        "contact-withdrawn",
        "Somebody you met took something back",
        f"Somebody you met took back {gone}. Remove it wherever else you keep it.",
        {"exchange_id": exchange_id},
    )


def price(total: Money) -> str:
    return str(total) if total.amount else "free of charge"


def _day(local: datetime) -> str:
    return f"{local.day} {local:%B}"


def one_line(text: str) -> str:
    """`text` without line breaks and other control characters: what may stand in a mail header or in a line of plain text."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def conference_named(conference: str) -> str:
    return conference or "the conference"


def _count(tickets: int) -> str:
    return "1 ticket" if tickets == 1 else f"{tickets} tickets"
