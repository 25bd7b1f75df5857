"""What the messages of auth tell."""

from functions.notifications import domain
from functions.notifications.domain import News
from functions.notifications.letter import Link, Mailbox
from functions.notifications.notice import Notice, Notices
from shared.clock import local_time
from shared.messages import (
    EmailChanged,
    EmailChangeRequested,
    EmailVerificationRequested,
    PasswordChanged,
    PasswordResetRequested,
    UserRegistered,
)


def _welcome(message: UserRegistered) -> list[Notice]:
    return [Notice(domain.welcome(message.name), message.user_id, link=Link("See what is on", "/events/conferences", open=True))]


def _verify(message: EmailVerificationRequested) -> list[Notice]:
    news = News(
        "verify-email",
        "Confirm your e-mail address",
        f"Somebody opened an account with this address. If that was you, confirm it; the link is good until {_until(message)}. "
        "If it was not you, there is nothing to do.",
    )
    return [_proof(message, news, "Confirm", "confirm", to="")]


def _change(message: EmailChangeRequested) -> list[Notice]:
    news = News(
        "change-email",
        "Confirm your new e-mail address",
        f"Confirm that your account is to have this address; the link is good until {_until(message)}. "
        "If you did not ask for it, there is nothing to do.",
    )
    return [_proof(message, news, "Confirm", "confirm", to="")]


def _reset(message: PasswordResetRequested) -> list[Notice]:
    news = News(
        "reset-password",
        "Set a new password",
        f"Somebody asked for a new password for your account. If that was you, set it; the link is good until {_until(message)}. "
        "If it was not you, there is nothing to do: your password stays as it is.",
    )
    return [_proof(message, news, "Set a password", "reset", to=message.name)]


def _proof(
    message: EmailVerificationRequested | EmailChangeRequested | PasswordResetRequested,
    news: News,
    label: str,
    action: str,
    *,
    to: str,
) -> Notice:
    """`to`: whom it greets. Nobody where the address is not proven: a name is free text, and could say anything to a stranger."""
    # In the fragment, which a browser sends to nobody.
    link = Link(label, f"/auth/link#{action}={message.token}", open=True)
    return Notice(news, address=Mailbox(to, message.email), link=link)


def _until(message: EmailVerificationRequested | EmailChangeRequested | PasswordResetRequested) -> str:
    return local_time(message.expires_at, "UTC")


def _email_changed(message: EmailChanged) -> list[Notice]:
    news = News(
        "email-changed",
        "Your e-mail address was changed",
        "Your account has another address now, and you log in with that. If it was not you, write to your conference's organiser.",
    )
    return [Notice(news, message.user_id, address=Mailbox(message.name, message.old_email))]


def _password_changed(message: PasswordChanged) -> list[Notice]:
    news = News(
        "password-changed",
        "Your password was changed",
        "Every other session has ended. If it was not you, ask for a new password at once: whoever reads this mailbox can.",
    )
    return [Notice(news, message.user_id, address=Mailbox(message.name, message.email))]


NOTICES: Notices = {
    UserRegistered: _welcome,
    EmailVerificationRequested: _verify,
    EmailChangeRequested: _change,
    PasswordResetRequested: _reset,
    EmailChanged: _email_changed,
    PasswordChanged: _password_changed,
}
