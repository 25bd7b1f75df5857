"""What the messages of auth tell, to which mailbox, and what no inbox shows."""

from datetime import UTC, datetime
from typing import Any

import pytest

from functions.notifications.kinds import KINDS, Setting
from functions.notifications.letter import Mailbox
from functions.notifications.notices import NOTICES
from shared import messages

ADA: dict[str, Any] = {"user_id": "usr_ada", "email": "ada@example.org", "name": "Ada"}
TOKEN: dict[str, Any] = {"token": "usr_ada.prf_1.secret", "expires_at": datetime(2026, 6, 1, 9, 30, tzinfo=UTC)}
PROOFS = [
    (messages.EmailVerificationRequested(**ADA, **TOKEN), "confirm"),
    (messages.EmailChangeRequested(**ADA, **TOKEN), "confirm"),
    (messages.PasswordResetRequested(**ADA, **TOKEN), "reset"),
]


@pytest.mark.parametrize(("message", "action"), PROOFS, ids=lambda value: type(value).__name__)
def test_a_token_goes_to_the_mailbox_alone_in_the_fragment_of_a_link(message: messages.Message, action: str) -> None:
    [notice] = NOTICES[type(message)](message)
    assert notice.address is not None
    assert notice.address.email == "ada@example.org"
    assert notice.link is not None
    assert (notice.link.path, notice.link.open) == (f"/auth/link#{action}=usr_ada.prf_1.secret", True)
    assert "1 June 2026, 09:30 (UTC)" in notice.news.body
    assert "secret" not in notice.news.body
    kind = KINDS[notice.news.kind]
    assert (notice.user_id, kind.inbox, kind.email) == (None, Setting.NEVER, Setting.ALWAYS)


def test_a_change_of_email_is_told_at_the_old_address() -> None:
    message = messages.EmailChanged(**{**ADA, "email": "new@example.org"}, old_email="ada@example.org")
    [notice] = NOTICES[messages.EmailChanged](message)
    assert notice.address == Mailbox("Ada", "ada@example.org")
    assert KINDS[notice.news.kind].email is Setting.ALWAYS


@pytest.mark.parametrize("kind", [messages.EmailVerificationRequested, messages.EmailChangeRequested])
def test_a_stranger_is_not_told_what_somebody_calls_themselves(kind: Any) -> None:
    """A name is free text: registering with the address of another must not write to them."""
    [notice] = NOTICES[kind](kind(**{**ADA, "name": "Win a prize at http://evil.example"}, **TOKEN))
    assert "evil" not in repr(notice)
