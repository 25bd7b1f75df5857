"""What contacts tells the others."""

from dataclasses import dataclass

from shared.messages.message import Message


@dataclass(frozen=True, kw_only=True)
class ContactExchanged(Message):
    context = "contacts"
    exchange_id: str
    scanner_id: str
    scanned_id: str
    scanner_name: str
    scanned_name: str
