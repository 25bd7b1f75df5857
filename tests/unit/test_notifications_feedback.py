"""Which addresses SES says not to mail to again."""

from datetime import UTC, datetime
from typing import Any

import pytest

from functions.notifications.feedback import Trouble, troubles

AT = datetime(2026, 6, 1, 9, tzinfo=UTC)


def bounce(kind: str, *emails: str, member: str = "eventType") -> dict[str, Any]:
    recipients = [{"emailAddress": email, "action": "failed", "status": "5.1.1"} for email in emails]
    told = {
        "bounceType": kind,
        "bounceSubType": "General",
        "bouncedRecipients": recipients,
        "timestamp": "2026-06-01T09:00:00.000Z",
    }
    return {member: "Bounce", "bounce": told, "mail": {"messageId": "m-1"}}


def complaint(kind: str | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "complainedRecipients": [{"emailAddress": "ada@example.org"}],
        "timestamp": "2026-06-01T11:00:00.000+02:00",
    }
    return {"notificationType": "Complaint", "complaint": told | ({"complaintFeedbackType": kind} if kind else {})}


@pytest.mark.parametrize("member", ["eventType", "notificationType"])
def test_a_mailbox_that_is_not_there_is_in_trouble(member: str) -> None:
    told = bounce("Permanent", "ada@example.org", "bob@example.org", member=member)
    assert troubles(told) == [Trouble(email, "bounce", AT) for email in ("ada@example.org", "bob@example.org")]


@pytest.mark.parametrize("kind", ["Transient", "Undetermined"])
def test_a_mailbox_that_is_full_or_away_is_not(kind: str) -> None:
    assert troubles(bounce(kind, "ada@example.org")) == []


@pytest.mark.parametrize(("kind", "listens"), [("abuse", False), (None, False), ("not-spam", True)])
def test_who_complains_is_left_in_peace(kind: str | None, listens: bool) -> None:
    assert troubles(complaint(kind)) == ([] if listens else [Trouble("ada@example.org", "complaint", AT)])


@pytest.mark.parametrize("kind", ["Delivery", "Send", "Open", "DeliveryDelay"])
def test_what_arrived_is_no_trouble(kind: str) -> None:
    assert troubles({"eventType": kind, "mail": {}}) == []


def test_what_is_not_from_ses_is_a_failure() -> None:
    with pytest.raises(KeyError):
        troubles({"hello": "there"})
