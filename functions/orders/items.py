"""The items of orders.

| item | pk | sk | gsi1pk | gsi1sk | gsi2pk | gsi2sk |
|---|---|---|---|---|---|---|
| an order | ORDER#<order> | ORDER | USER#<buyer> | ORDER#<created at> | WORK#<bucket>, while half done | since when |
| the message of a reservation | OUTBOX#<message> | OUTBOX | | | WORK#<bucket>, until looked after | when it expires |
| what applies to all orders of a conference | CONF#<conference> | SALE | | | | |
| what was mended of an order (`dynamo_work.py`) | MENDED#<conference> | <when>#<order> | | | | |
"""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from zlib import crc32

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from functions.orders.domain import Change, Order
from functions.orders.lines import Attendee, Line
from functions.orders.payment import Payment, Refund
from shared.attributes import Maps, PlainMap
from shared.clock import iso, parse
from shared.money import Money
from shared.table import Item

_USUAL_TOKEN = "tok_ok"  # noqa: S105  # it opens nothing
_BUCKETS = 4  # of the list of what is to be looked after: an index takes 1,000 writes a second for each key


def work_key(order_id: str) -> str:
    return f"WORK#{crc32(order_id.encode()) % _BUCKETS}"


WORK_KEYS = tuple(f"WORK#{bucket}" for bucket in range(_BUCKETS))


def sale_key(conference_id: str) -> tuple[str, str]:
    return f"CONF#{conference_id}", "SALE"


def order_key(order_id: str) -> tuple[str, str]:
    return f"ORDER#{order_id}", "ORDER"


def _entry(change: Change, buyer_id: str) -> list[str]:
    """Short, so that an order with its history stays within a KB: the buyer is not named again."""
    by = "" if change.by == buyer_id else change.by
    entry = [iso(change.at), change.what, by, change.detail]
    while not entry[-1]:
        entry.pop()
    return entry


def _change(at: str, what: str, by: str = "", detail: str = "", *, buyer_id: str) -> Change:
    return Change(parse(at), what, by or buyer_id, detail)


def payment_map(payment: Payment) -> dict[str, str]:
    """Without its number, which the item counts, and without what goes without saying of one that is done."""
    kept = {"status": payment.status, "method": payment.method, "reference": payment.reference, "reason": payment.reason}
    if payment.token != _USUAL_TOKEN:
        kept["token"] = payment.token
    if payment.is_open or payment.status == "failed":
        kept["at"] = iso(payment.at)
    if payment.due:
        kept["due"] = iso(payment.due)
    return {name: value for name, value in kept.items() if value}


def _payment(kept: dict[str, str], number: int, done_at: str) -> Payment:
    return Payment(
        number=number,
        method=kept["method"],  # type: ignore[arg-type]  # only `payment_map` writes it
        status=kept["status"],  # type: ignore[arg-type]
        at=parse(kept.get("at", done_at)),
        reference=kept.get("reference", ""),
        token=kept.get("token", _USUAL_TOKEN),
        reason=kept.get("reason", ""),
        due=parse(kept["due"]) if "due" in kept else None,
    )


def _refund_map(refund: Refund) -> dict[str, Any]:
    kept = asdict(refund) | {"at": iso(refund.at), "numbers": list(refund.numbers)}
    return {name: value for name, value in kept.items() if value}


def _refund(kept: dict[str, Any]) -> Refund:
    return Refund(**{"amount": 0, **kept, "at": parse(kept["at"]), "numbers": tuple(kept.get("numbers", ()))})


class AttendeeMap(PlainMap):
    name = UnicodeAttribute()
    email = UnicodeAttribute()

    @classmethod
    def of(cls, attendee: Attendee) -> "AttendeeMap":
        return cls(name=attendee.name, email=attendee.email)


def _seats(line: Line) -> dict[str, Any]:
    """As JSON has it; short where they are of the ticket type's own pool alone, which is not named again."""
    by_pool = {pool_id: {str(shard): seats for shard, seats in shares.items()} for pool_id, shares in line.seats.items()}
    return by_pool[line.ticket_type_id] if len(by_pool) == 1 else by_pool


class LineMap(PlainMap):
    ticket_type_id = UnicodeAttribute()
    name = UnicodeAttribute()
    quantity = NumberAttribute()
    amount = NumberAttribute()
    currency = UnicodeAttribute()
    attendees = Maps(of=AttendeeMap)
    valid_from = UnicodeAttribute()
    valid_until = UnicodeAttribute()
    seats = JSONAttribute()
    discount = NumberAttribute(null=True)
    counted = JSONAttribute(null=True)

    @classmethod
    def of(cls, line: Line) -> "LineMap":
        return cls(
            ticket_type_id=line.ticket_type_id,
            name=line.name,
            quantity=line.quantity,
            amount=line.unit_price.amount,
            currency=line.unit_price.currency,
            attendees=[AttendeeMap.of(each) for each in line.attendees],
            valid_from=iso(line.valid_from),
            valid_until=iso(line.valid_until),
            seats=_seats(line),
            discount=line.discount or None,
            counted=list(line.counted) or None,
        )

    def to_domain(self) -> Line:
        return Line(
            ticket_type_id=self.ticket_type_id,
            name=self.name,
            quantity=int(self.quantity),
            unit_price=Money(int(self.amount), self.currency),
            attendees=tuple(Attendee(each.name, each.email) for each in self.attendees),
            valid_from=parse(self.valid_from),
            valid_until=parse(self.valid_until),
            seats={pool_id: {int(shard): seats for shard, seats in shares.items()} for pool_id, shares in self._by_pool()},
            discount=int(self.discount or 0),
            counted=tuple(self.counted or ()),
        )

    def _by_pool(self) -> Iterable[tuple[str, dict[str, int]]]:
        is_short = any(isinstance(seats, int) for seats in self.seats.values())
        return [(self.ticket_type_id, self.seats)] if is_short else self.seats.items()


class OrderItem(Item, discriminator="Order"):
    v = NumberAttribute(default=1)
    order_id = UnicodeAttribute()
    conference_id = UnicodeAttribute()
    conference_name = UnicodeAttribute()
    buyer_id = UnicodeAttribute()
    buyer_name = UnicodeAttribute()
    buyer_email = UnicodeAttribute()
    status = UnicodeAttribute()
    lines = Maps(of=LineMap)
    fingerprint = UnicodeAttribute()
    created_at = UnicodeAttribute()
    expires_at = UnicodeAttribute(null=True)
    paid_at = UnicodeAttribute(null=True)
    payment = JSONAttribute(null=True)
    time_zone = UnicodeAttribute(default="UTC")
    revision = NumberAttribute(null=True)  # none in an order of before it was kept, which is at its first
    voucher = UnicodeAttribute(null=True)
    changes = JSONAttribute(null=True)
    attempts = NumberAttribute(null=True)  # to pay; `payment` is the last
    paying = BooleanAttribute(null=True)  # while that is open
    method = UnicodeAttribute(null=True)  # none: simulated
    refunds = JSONAttribute(null=True)
    returned = NumberAttribute(null=True)
    ended = JSONAttribute(null=True)

    @classmethod
    def of(cls, order: Order) -> "OrderItem":
        return cls(
            *order_key(order.id),
            gsi1pk=f"USER#{order.buyer_id}",
            gsi1sk=f"ORDER#{iso(order.created_at)}",
            order_id=order.id,
            conference_id=order.conference_id,
            conference_name=order.conference_name,
            buyer_id=order.buyer_id,
            buyer_name=order.buyer_name,
            buyer_email=order.buyer_email,
            status=order.status,
            lines=[LineMap.of(line) for line in order.lines],
            fingerprint=order.fingerprint,
            created_at=iso(order.created_at),
            expires_at=iso(order.expires_at) if order.expires_at else None,
            paid_at=iso(order.paid_at) if order.paid_at else None,
            payment=payment_map(order.payment) if order.payment else None,
            time_zone=order.time_zone,
            revision=order.revision,
            voucher=order.voucher or None,
            changes=[_entry(change, order.buyer_id) for change in order.changes] or None,
            attempts=order.payment.number if order.payment else None,
            paying=True if order.payment and order.payment.is_open else None,
            method=None if order.method == "simulated" else order.method,
            refunds=[_refund_map(refund) for refund in order.refunds] or None,
            returned=order.returned or None,
            gsi2pk=work_key(order.id) if order.unfinished_since else None,
            gsi2sk=iso(order.unfinished_since) if order.unfinished_since else None,
            ended={str(number): end for number, end in order.ended.items()} or None,
        )

    def to_domain(self) -> Order:
        return Order(
            id=self.order_id,
            conference_id=self.conference_id,
            conference_name=self.conference_name,
            buyer_id=self.buyer_id,
            buyer_name=self.buyer_name,
            buyer_email=self.buyer_email,
            status=self.status,  # type: ignore[arg-type]  # only `of` writes it
            lines=tuple(line.to_domain() for line in self.lines),
            fingerprint=self.fingerprint,
            created_at=parse(self.created_at),
            expires_at=parse(self.expires_at) if self.expires_at else None,
            paid_at=parse(self.paid_at) if self.paid_at else None,
            payment=_payment(self.payment, int(self.attempts or 1), self.paid_at or self.created_at) if self.payment else None,
            method=self.method or "simulated",  # type: ignore[arg-type]  # only `of` writes it
            refunds=tuple(_refund(kept) for kept in self.refunds or ()),
            time_zone=self.time_zone,
            revision=int(self.revision or 1),
            voucher=self.voucher or "",
            changes=tuple(_change(*entry, buyer_id=self.buyer_id) for entry in self.changes or ()),
            returned=int(self.returned or 0),
            ended={int(number): end for number, end in (self.ended or {}).items()},
        )


class SaleItem(Item, discriminator="Sale"):
    v = NumberAttribute(default=1)
    refund_until = UnicodeAttribute(null=True)
    refund_fee_percent = NumberAttribute(default=0)
    refund_fee = NumberAttribute(default=0)
    stripe_key = UnicodeAttribute(null=True)  # publishable; where there is one, the conference is paid by Stripe
