"""What contacts tells the others."""

from dataclasses import dataclass

from shared.messages.message import Message


@dataclass(frozen=True, kw_only=True)
class CardChanged(Message):
    """The copies of a person's card are to follow it. `again`: for those that were being made meanwhile."""

    context = "contacts"
    user_id: str
    revision: int
    again: bool = False


@dataclass(frozen=True, kw_only=True)
class ContactExchanged(Message):
    """Two met. Of a `team` the company keeps the contact, not the person. `asked`: their card waits for them to confirm."""

    context = "contacts"
    exchange_id: str
    scanner_id: str
    scanned_id: str
    scanner_name: str
    scanned_name: str
    scanner_team: bool = False
    scanned_team: bool = False
    scanner_company: str = ""
    scanned_company: str = ""
    scanner_asked: bool = False
    scanned_asked: bool = False


@dataclass(frozen=True, kw_only=True)
class ContactConfirmed(Message):
    """`holder_id`, a person or a team, sees more of who is called `name` now."""

    context = "contacts"
    exchange_id: str
    holder_id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class ContactWithdrawn(Message):
    """`holder_id`, a person or a team, sees less of somebody, or (`whole`) nothing. Of whom, is not told: it was taken back too.

    `listed`: whether the holder had them on a list until now.
    """

    context = "contacts"
    exchange_id: str
    holder_id: str
    whole: bool
    listed: bool = True
