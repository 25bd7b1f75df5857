"""What the mail service says of mail it took: which addresses it should not be sent to again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Reason = Literal["bounce", "complaint"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """`bounce`: there is no such mailbox. `complaint`: its owner called a mail spam."""

    email: str
    reason: Reason
    since: datetime


def troubles(notice: Mapping[str, Any]) -> list[Trouble]:
    """Those that SES tells of: none where a mail was delivered, is late, or was refused for a time (a full mailbox).

    `notice` is untyped JSON, of event publishing (`eventType`) or of an identity's feedback topic (`notificationType`): for what is
    read here they differ in nothing else. Raises KeyError and ValueError for what is neither.
    """
    match notice.get("eventType") or notice["notificationType"]:
        case "Bounce" if notice["bounce"]["bounceType"] == "Permanent":
            return _of(notice["bounce"], "bouncedRecipients", "bounce")
        case "Complaint" if notice["complaint"].get("complaintFeedbackType") != "not-spam":
            return _of(notice["complaint"], "complainedRecipients", "complaint")
        case _:
            return []


def _of(told: Mapping[str, Any], recipients: str, reason: Reason) -> list[Trouble]:
    since = datetime.fromisoformat(told["timestamp"]).astimezone(UTC)
    return [Trouble(recipient["emailAddress"], reason, since) for recipient in told[recipients]]
