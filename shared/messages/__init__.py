"""The messages of the bus: one frozen dataclass each, named in the past tense, fields only ever added.

On the bus a message is an EventBridge event: `detail-type` is the class name, `source` is `ketemu.<context>`, `detail` is
the message as JSON. Consumers ignore members they do not know, so a newer producer does not break them, and a member that is
added later has a default.
"""

from typing import Any

from shared.messages.auth import (
    DataExportRequested,
    EmailChanged,
    EmailChangeRequested,
    EmailVerificationRequested,
    PasswordChanged,
    PasswordForgotten,
    PasswordResetRequested,
    UserErased,
    UserRegistered,
)
from shared.messages.contacts import (
    CardChanged,
    ContactConfirmed,
    ContactExchanged,
    ContactWithdrawn,
)
from shared.messages.events import (
    AgendaChange,
    AgendaMoved,
    AgendaReleased,
    CanceledSession,
    ConferencePublished,
    MemberInvited,
    MembershipChanged,
    MovedSession,
    PoolChanged,
    RetentionEnded,
    RetentionEnding,
    TicketTypeChanged,
)
from shared.messages.message import (
    Message,
    adapter,
    kinds,
)
from shared.messages.notifications import (
    DigestOpened,
    DoorCounted,
    LiveFrame,
)
from shared.messages.orders import (
    AttendeeChanged,
    LineState,
    OrderCancelled,
    OrderExpired,
    OrderMailRequested,
    OrderPaid,
    OrderRefunded,
    OrderReseated,
    OrderReserved,
    OrderState,
    PaymentPending,
    RefundFailed,
    TicketLine,
    WaitingListJoined,
    WaitingListLeft,
    WaitingListMessage,
    WaitingListOffered,
    WaitingListOfferExpired,
)
from shared.messages.tickets import (
    CheckInAnnulled,
    DoubleEntryFound,
    DoubleEntrySettled,
    MailedCode,
    OrderMailDue,
    OrderMailReady,
    TicketCancelled,
    TicketCheckedIn,
    TicketIssued,
    TicketReissued,
    TicketTransferEnded,
    TicketTransferOffered,
    TicketTransferred,
)

__all__ = [
    "KINDS",
    "AgendaChange",
    "AgendaMoved",
    "AgendaReleased",
    "AttendeeChanged",
    "CanceledSession",
    "CardChanged",
    "CheckInAnnulled",
    "ConferencePublished",
    "ContactConfirmed",
    "ContactExchanged",
    "ContactWithdrawn",
    "DataExportRequested",
    "DigestOpened",
    "DoorCounted",
    "DoubleEntryFound",
    "DoubleEntrySettled",
    "EmailChangeRequested",
    "EmailChanged",
    "EmailVerificationRequested",
    "LineState",
    "LiveFrame",
    "MailedCode",
    "MemberInvited",
    "MembershipChanged",
    "Message",
    "MovedSession",
    "OrderCancelled",
    "OrderExpired",
    "OrderMailDue",
    "OrderMailReady",
    "OrderMailRequested",
    "OrderPaid",
    "OrderRefunded",
    "OrderReseated",
    "OrderReserved",
    "OrderState",
    "PasswordChanged",
    "PasswordForgotten",
    "PasswordResetRequested",
    "PaymentPending",
    "PoolChanged",
    "RefundFailed",
    "RetentionEnded",
    "RetentionEnding",
    "TicketCancelled",
    "TicketCheckedIn",
    "TicketIssued",
    "TicketLine",
    "TicketReissued",
    "TicketTransferEnded",
    "TicketTransferOffered",
    "TicketTransferred",
    "TicketTypeChanged",
    "UserErased",
    "UserRegistered",
    "WaitingListJoined",
    "WaitingListLeft",
    "WaitingListMessage",
    "WaitingListOfferExpired",
    "WaitingListOffered",
    "parse",
]


KINDS: dict[str, type[Message]] = {kind.__name__: kind for kind in kinds()}


def parse(detail_type: str, detail: Any) -> Message:
    """A message from its detail-type and detail. Raises KeyError for an unknown type, pydantic.ValidationError."""
    message: Message = adapter(detail_type).validate_python(detail)
    return message
