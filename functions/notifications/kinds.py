"""Every kind of news: how preferences call it, and through which channels it reaches a person unless they say otherwise.

A new kind is a row here and a notice in `notices/` (docs/notifications.md), and a template where title and body are not enough.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal

Channel = Literal["inbox", "email"]
CHANNELS: tuple[Channel, ...] = ("inbox", "email")

# What a person decided, by kind and channel; what is not in it is as the kind has it.
Choices = Mapping[str, Mapping[Channel, bool]]


class Setting(Enum):
    """Whether a kind goes through a channel: `ON` and `OFF` are a person's to change, the others are not."""

    ALWAYS = "always"
    ON = "on"
    OFF = "off"
    NEVER = "never"

    @property
    def changeable(self) -> bool:
        return self in (Setting.ON, Setting.OFF)

    @property
    def default(self) -> bool:
        return self in (Setting.ALWAYS, Setting.ON)


@dataclass(frozen=True, slots=True)
class Kind:
    """`digest`: its e-mails may wait a few minutes for others and come as one."""

    name: str  # stable: clients and people's choices refer to it
    title: str
    inbox: Setting = Setting.ON
    email: Setting = Setting.ON
    digest: bool = False

    def setting(self, channel: Channel) -> Setting:
        return self.inbox if channel == "inbox" else self.email

    def reaches(self, channel: Channel, choices: Choices) -> bool:
        setting = self.setting(channel)
        return choices.get(self.name, {}).get(channel, setting.default) if setting.changeable else setting.default


_TABLE = (
    Kind("welcome", "Your account is ready", inbox=Setting.ALWAYS, email=Setting.OFF),
    # A link that proves something is for the mailbox alone.
    Kind("verify-email", "Links that verify your e-mail", inbox=Setting.NEVER, email=Setting.ALWAYS),
    Kind("change-email", "Links that confirm another e-mail", inbox=Setting.NEVER, email=Setting.ALWAYS),
    Kind("reset-password", "Links for a new password", inbox=Setting.NEVER, email=Setting.ALWAYS),
    Kind("email-changed", "Your e-mail was changed", inbox=Setting.ALWAYS, email=Setting.ALWAYS),
    Kind("password-changed", "Your password was changed", inbox=Setting.ALWAYS, email=Setting.ALWAYS),
    Kind("invited", "Invitations to work on a conference", inbox=Setting.NEVER, email=Setting.ALWAYS),
    Kind("role-changed", "Your role in a conference changed", inbox=Setting.ALWAYS),
    Kind("retention-ending", "Data of a conference of yours is soon anonymised", inbox=Setting.ALWAYS, email=Setting.ALWAYS),
    Kind("order-paid", "Tickets you bought", inbox=Setting.ALWAYS, email=Setting.ALWAYS),
    Kind("attendee-changed", "A ticket of your order is for somebody else", email=Setting.OFF),
    Kind("order-expired", "A reservation of yours expired"),
    Kind("waiting-list-joined", "You joined a waiting list"),
    Kind("waiting-list-offered", "Tickets you wait for are offered to you", inbox=Setting.ALWAYS, email=Setting.ALWAYS),
    Kind("waiting-list-offer-expired", "An offer from a waiting list expired", inbox=Setting.ALWAYS),
    Kind("waiting-list-left", "You left a waiting list", email=Setting.OFF),
    Kind("order-cancelled", "An order of yours was cancelled", inbox=Setting.ALWAYS, email=Setting.ALWAYS),
    Kind("order-reseated", "What you paid for too late is yours after all", inbox=Setting.ALWAYS, email=Setting.ALWAYS),
    Kind("order-refunded", "Money is returned to you", inbox=Setting.ALWAYS, email=Setting.ALWAYS),
    Kind("refund-delayed", "Money could not be returned to you yet", inbox=Setting.ALWAYS, email=Setting.ALWAYS),
    Kind("late-payment", "A payment came too late at a conference of yours", email=Setting.OFF, digest=True),
    Kind("refund-failed", "Money could not be returned at a conference of yours", inbox=Setting.ALWAYS),
    Kind("ticket-cancelled", "A ticket of yours was cancelled", inbox=Setting.ALWAYS, digest=True),
    Kind("ticket-reissued", "A ticket of yours has a new code", inbox=Setting.ALWAYS, email=Setting.ALWAYS),
    Kind("ticket-offered", "Somebody offers you a ticket", inbox=Setting.NEVER, email=Setting.ALWAYS),  # with a secret in it
    Kind("ticket-offer-declined", "A ticket that you offered was declined", inbox=Setting.ALWAYS),
    Kind("ticket-offer-withdrawn", "A ticket that you were offered is withdrawn", inbox=Setting.NEVER),
    Kind("ticket-handed-on", "A ticket of yours was handed on", inbox=Setting.ALWAYS, email=Setting.ALWAYS),
    Kind("ticket-received", "A ticket was handed on to you", inbox=Setting.ALWAYS, email=Setting.ALWAYS),
    Kind("checked-in", "A ticket of yours was checked in", email=Setting.OFF, digest=True),
    Kind("checked-out", "A ticket of yours was checked out", email=Setting.OFF, digest=True),
    Kind("double-entry", "A ticket was let in twice at a door you keep", email=Setting.OFF),
    Kind("agenda-moved", "A session moved or is canceled", digest=True),
    Kind("contact-exchanged", "You met somebody", digest=True),
    Kind("contact-awaits", "Somebody you met waits for you to confirm", digest=True),
    Kind("contact-confirmed", "Somebody you met shows you more", email=Setting.OFF, digest=True),
    Kind("contact-withdrawn", "Somebody you met took back what they showed", email=Setting.OFF, digest=True),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _TABLE}
