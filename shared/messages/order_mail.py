"""What orders and tickets tell of the e-mail of an order."""

from dataclasses import dataclass
from datetime import datetime

from shared.messages.message import Message
from shared.money import Money


@dataclass(frozen=True, kw_only=True)
class OrderMailMessage(Message):
    """What all that leads to the e-mail of an order says. It goes out once for each `request_id`."""

    conference_id: str
    order_id: str
    request_id: str
    buyer_id: str
    buyer_name: str
    buyer_email: str
    total: Money
    paid_at: datetime
    conference_name: str = ""
