"""The messages of the bus: one frozen dataclass each, named in the past tense, fields only ever added.

On the bus a message is an EventBridge event: `detail-type` is the class name, `source` is `ketemu.<context>`, `detail` is
the message as JSON. Consumers ignore members they do not know, so a newer producer does not break them, and a member that is
added later has a default.

Making fifty dataclasses takes a tenth of a cold start, so those of a context are made once one of them is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from shared.messages.message import Message, adapter, kinds

if TYPE_CHECKING:
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
        TicketMailReady,
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
    "TicketMailReady",
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

_KEPT_IN = {
    "auth": (
        "DataExportRequested",
        "EmailChanged",
        "EmailChangeRequested",
        "EmailVerificationRequested",
        "PasswordChanged",
        "PasswordForgotten",
        "PasswordResetRequested",
        "UserErased",
        "UserRegistered",
    ),
    "contacts": (
        "CardChanged",
        "ContactConfirmed",
        "ContactExchanged",
        "ContactWithdrawn",
    ),
    "events": (
        "AgendaChange",
        "AgendaMoved",
        "AgendaReleased",
        "CanceledSession",
        "ConferencePublished",
        "MemberInvited",
        "MembershipChanged",
        "MovedSession",
        "PoolChanged",
        "RetentionEnded",
        "RetentionEnding",
        "TicketTypeChanged",
    ),
    "notifications": (
        "DigestOpened",
        "DoorCounted",
        "LiveFrame",
    ),
    "orders": (
        "AttendeeChanged",
        "LineState",
        "OrderCancelled",
        "OrderExpired",
        "OrderMailRequested",
        "OrderPaid",
        "OrderRefunded",
        "OrderReseated",
        "OrderReserved",
        "OrderState",
        "PaymentPending",
        "RefundFailed",
        "TicketLine",
        "WaitingListJoined",
        "WaitingListLeft",
        "WaitingListMessage",
        "WaitingListOffered",
        "WaitingListOfferExpired",
    ),
    "tickets": (
        "CheckInAnnulled",
        "DoubleEntryFound",
        "DoubleEntrySettled",
        "MailedCode",
        "OrderMailDue",
        "OrderMailReady",
        "TicketCancelled",
        "TicketCheckedIn",
        "TicketIssued",
        "TicketMailReady",
        "TicketReissued",
        "TicketTransferEnded",
        "TicketTransferOffered",
        "TicketTransferred",
    ),
}
_HOME = {name: home for home, names in _KEPT_IN.items() for name in names}


def __getattr__(name: str) -> Any:
    """A name of the above, from the module of its context."""
    if name == "KINDS":
        for home in _KEPT_IN:
            import_module(f"shared.messages.{home}")
        found: Any = {kind.__name__: kind for kind in kinds()}
    elif name in _HOME:
        found = getattr(import_module(f"shared.messages.{_HOME[name]}"), name)
    else:
        raise AttributeError(f"shared.messages has no {name}")
    globals()[name] = found
    return found


def parse(detail_type: str, detail: Any) -> Message:
    """A message from its detail-type and detail. Raises KeyError for an unknown type, pydantic.ValidationError."""
    if detail_type in _HOME:
        __getattr__(detail_type)  # one of those that are made now
    message: Message = adapter(detail_type).validate_python(detail)
    return message
