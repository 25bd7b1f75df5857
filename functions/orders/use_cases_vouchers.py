"""What organisers do with vouchers, and what buyers ask of a code."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from functions.orders.catalogue import Offer
from functions.orders.stock import Pool, Stocked
from functions.orders.use_cases_stock import Offers, OnOffer, Stale, on_offer
from functions.orders.vouchers import Kind, UnknownVoucher, Voucher, VoucherUsedUp, voucher_id
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import Busy, Conflict, Invalid, NotFound
from shared.money import Money
from shared.versions import check_version

_ATTEMPTS = 20  # to change a voucher that is being used: each failure means that somebody used it


class CodeTaken(Conflict):
    slug, title = "code-taken", "The conference has, or had, a voucher with this code"


class BadVoucher(Invalid):
    slug, title = "voucher", "Not a voucher that could be used"


class Vouchers(Protocol):
    def find(self, conference_id: str, voucher_id: str) -> Stocked[Voucher] | None:
        """The voucher with the uses that it has left."""

    def of_conference(self, conference_id: str, limit: int, cursor: str | None) -> tuple[list[Stocked[Voucher]], str | None]: ...

    def replace(self, known: Stocked[Voucher] | None, new: Stocked[Voucher]) -> None:
        """As `Stock.replace`. Raises Stale, Busy."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a voucher is to be."""

    code: str
    kind: Kind
    value: int
    ticket_type_ids: tuple[str, ...]
    unlocks_hidden: bool
    max_uses: int | None
    max_per_person: int | None
    valid_from: datetime | None
    valid_until: datetime | None
    note: str

    def voucher(self, conference_id: str, fingerprint: str) -> Voucher:
        """Raises BadVoucher."""
        found = voucher_id(conference_id, self.code)
        uses = Pool.opened(found, conference_id=conference_id, revision=1, capacity=self.max_uses or 0)
        voucher = Voucher(
            id=found,
            conference_id=conference_id,
            fingerprint=fingerprint,
            pool=uses,
            **{name: getattr(self, name) for name in self.__slots__},
        )
        return _checked(voucher)


def _checked(voucher: Voucher) -> Voucher:
    is_in_range = {"percent": 1 <= voucher.value <= 100, "fixed": voucher.value >= 1}.get(voucher.kind, voucher.value == 0)
    if not is_in_range:
        raise BadVoucher("`value` is 1 to 100 for percent, an amount in minor units for fixed, and 0 for free and none.")
    if voucher.unlocks_hidden and not voucher.ticket_type_ids:
        raise BadVoucher("Say in `ticket_type_ids` which hidden ticket types the voucher unlocks.")
    if voucher.kind == "none" and not voucher.unlocks_hidden:
        raise BadVoucher("A voucher of kind none takes nothing off: have it unlock a hidden ticket type, or choose another kind.")
    if voucher.valid_from and voucher.valid_until and voucher.valid_until <= voucher.valid_from:
        raise BadVoucher("`valid_until` must be after `valid_from`.")
    return voucher


def add_voucher(vouchers: Vouchers, *, caller: Caller, conference_id: str, terms: Terms, fingerprint: str) -> Stocked[Voucher]:
    """Once only by the code. Raises Forbidden, BadVoucher, CodeTaken."""
    caller.require(conference_id, "organizer")
    new = Stocked.opened(terms.voucher(conference_id, fingerprint))
    try:
        vouchers.replace(None, new)
    except Stale:
        return _made(vouchers, new)
    return new


def _made(vouchers: Vouchers, new: Stocked[Voucher]) -> Stocked[Voucher]:
    """What an earlier run of the same command made."""
    known = vouchers.find(new.owner.conference_id, new.owner.id)
    if known and known.owner.fingerprint == new.owner.fingerprint and not known.owner.is_deleted:
        return known
    code = new.owner.code
    raise CodeTaken(f"{code} is taken. Choose another code, or change the voucher that has it (PATCH).", code=code)


def get_voucher(vouchers: Vouchers, *, caller: Caller, conference_id: str, voucher_id: str) -> Stocked[Voucher]:
    """Raises Forbidden, NotFound."""
    caller.require(conference_id, "organizer")
    known = vouchers.find(conference_id, voucher_id)
    if known is None or known.owner.is_deleted:
        raise NotFound(f"This conference has no voucher {voucher_id}.")
    return known


def list_vouchers(
    vouchers: Vouchers, *, caller: Caller, conference_id: str, limit: int, cursor: str | None
) -> tuple[list[Stocked[Voucher]], str | None]:
    """One page, without those that are deleted. Raises Forbidden, Malformed."""
    caller.require(conference_id, "organizer")
    found, following = vouchers.of_conference(conference_id, limit, cursor)
    return [each for each in found if not each.owner.is_deleted], following


def change_voucher(
    vouchers: Vouchers, *, caller: Caller, conference_id: str, voucher_id: str, changes: Mapping[str, Any], if_match: str | None
) -> Stocked[Voucher]:
    """Uses go no lower than those that are taken: they are retired as they come back.

    Raises NotFound, ChangedMeanwhile, BadVoucher, Busy.
    What is so already is answered as it is, also to a repeated request whose `if_match` its first run made stale.
    """
    for _ in range(_ATTEMPTS):
        known = get_voucher(vouchers, caller=caller, conference_id=conference_id, voucher_id=voucher_id)
        changed = replace(known.owner, **changes)
        if changed == known.owner:
            return known
        check_version(known.owner.revision, if_match)
        try:
            return _revise(vouchers, known, _checked(changed))
        except Stale:
            continue
    raise Busy("The voucher is used too fast to change it now. Nothing was done: send the request again.")


def remove_voucher(vouchers: Vouchers, *, caller: Caller, conference_id: str, voucher_id: str, if_match: str | None) -> None:
    """No buyer can use it from now on; orders that have it keep it. Raises NotFound, ChangedMeanwhile, Busy."""
    change_voucher(
        vouchers,
        caller=caller,
        conference_id=conference_id,
        voucher_id=voucher_id,
        changes={"is_deleted": True},
        if_match=if_match,
    )


def _revise(vouchers: Vouchers, known: Stocked[Voucher], changed: Voucher) -> Stocked[Voucher]:
    uses = Pool.opened(
        changed.id, conference_id=changed.conference_id, revision=known.pool.revision + 1, capacity=changed.max_uses or 0
    )
    new = known.revised(changed.with_pool(uses))
    vouchers.replace(known, new)
    return new


@dataclass(frozen=True, slots=True)
class Unlocked:
    """A ticket type with what it costs with the code."""

    ticket_type: OnOffer
    discounted_price: Money


@dataclass(frozen=True, slots=True)
class CodeCheck:
    code: str
    kind: Kind
    value: int
    valid_until: datetime | None
    max_per_person: int | None
    ticket_types: list[Unlocked]


def check_code(vouchers: Vouchers, offers: Offers, clock: Clock, *, conference_id: str, code: str) -> CodeCheck:
    """What the code gives, to anybody who has it. Raises UnknownVoucher, VoucherNotYet, VoucherExpired, VoucherUsedUp."""
    known = vouchers.find(conference_id, voucher_id(conference_id, code))
    if known is None:
        raise UnknownVoucher()
    voucher, now = known.owner, clock()
    voucher.check(now)
    if voucher.max_uses is not None and not known.available:
        raise VoucherUsedUp(0)
    for_these = [each for each in offers.of_conference(conference_id) if _is_offered(each, voucher)]
    return CodeCheck(
        code=voucher.code,
        kind=voucher.kind,
        value=voucher.value,
        valid_until=voucher.valid_until,
        max_per_person=voucher.max_per_person,
        ticket_types=[
            Unlocked(on_offer(each, now), each.ticket_type.price - voucher.discount(each.ticket_type.price)) for each in for_these
        ],
    )


def _is_offered(offer: Offer, voucher: Voucher) -> bool:
    ticket_type = offer.ticket_type
    return voucher.is_for(ticket_type.id) and (not ticket_type.hidden or voucher.unlocks(ticket_type.id))
