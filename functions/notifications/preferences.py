"""What a person hears of and how, as they see and choose it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from functions.notifications.feedback import Reason, Trouble
from functions.notifications.kinds import CHANNELS, KINDS, Channel, Choices, Kind
from shared.errors import Invalid


@dataclass(frozen=True, slots=True)
class ChannelPreference:
    on: bool
    changeable: bool


@dataclass(frozen=True, slots=True)
class KindPreference:
    kind: str
    title: str
    inbox: ChannelPreference
    email: ChannelPreference


@dataclass(frozen=True, slots=True)
class MailTrouble:
    """Why e-mails are not sent to an address, and how to mend it."""

    reason: Reason
    since: datetime
    mend: str


@dataclass(frozen=True, slots=True)
class MailPreference:
    """`trouble` is null where e-mails are sent."""

    address: str
    trouble: MailTrouble | None


@dataclass(frozen=True, slots=True)
class Preferences:
    kinds: list[KindPreference]
    email: MailPreference


class NotChangeable(Invalid):
    slug, title = "not-changeable", "This cannot be switched"


_MEND: dict[Reason, str] = {
    "bounce": "A mail came back: there is no such mailbox. Correct the address of your account, or, where the mailbox works again,"
    " POST /notifications/preferences/email.",
    "complaint": "One of our mails was marked as spam. To get them again: POST /notifications/preferences/email.",
}


def preferences(choices: Choices, address: str, trouble: Trouble | None) -> Preferences:
    mail = MailTrouble(trouble.reason, trouble.since, _MEND[trouble.reason]) if trouble else None
    return Preferences([_preference(kind, choices) for kind in KINDS.values()], MailPreference(address, mail))


def chosen(wanted: Mapping[str, Mapping[Channel, bool]]) -> Choices:
    """What is worth keeping of `wanted`: where it differs from the default. Raises Invalid, NotChangeable."""
    choices: dict[str, dict[Channel, bool]] = {}
    for name, channels in wanted.items():
        kind = KINDS.get(name)
        if kind is None:
            raise Invalid(f"There is no kind {name[:64]!r}. GET /notifications/preferences lists those there are.")
        for channel, on in channels.items():
            setting = kind.setting(channel)
            if on is setting.default:
                continue
            if not setting.changeable:
                raise NotChangeable(f"{kind.title} ({name}) is {setting.value} told by {channel}: leave it out.")
            choices.setdefault(name, {})[channel] = on
    return choices


def _preference(kind: Kind, choices: Choices) -> KindPreference:
    inbox, email = (ChannelPreference(kind.reaches(each, choices), kind.setting(each).changeable) for each in CHANNELS)
    return KindPreference(kind.name, kind.title, inbox, email)
