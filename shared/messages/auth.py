"""What auth tells the others."""

from dataclasses import dataclass, field
from datetime import datetime

from shared.messages.message import Message


@dataclass(frozen=True, kw_only=True)
class UserRegistered(Message):
    context = "auth"
    user_id: str
    email: str
    name: str


@dataclass(frozen=True, kw_only=True)
class EmailVerificationRequested(Message):
    """`token` proves, until `expires_at` and once, that its bearer reads the mail of `email`. So in the two that follow."""

    context = "auth"
    user_id: str
    email: str
    name: str
    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class EmailChangeRequested(Message):
    """`email` is the new address, which has to be proven."""

    context = "auth"
    user_id: str
    email: str
    name: str
    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class PasswordResetRequested(Message):
    context = "auth"
    user_id: str
    email: str
    name: str
    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class PasswordForgotten(Message):
    """Somebody says that they forgot the password of `email`, whether or not there is such an account."""

    context = "auth"
    email: str


@dataclass(frozen=True, kw_only=True)
class EmailChanged(Message):
    context = "auth"
    user_id: str
    email: str
    old_email: str
    name: str


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(Message):
    context = "auth"
    user_id: str
    email: str
    name: str


@dataclass(frozen=True, kw_only=True)
class DataExportRequested(Message):
    """Each context puts what it holds of the person into the bucket of exports, under `export_id`."""

    context = "auth"
    user_id: str
    export_id: str


@dataclass(frozen=True, kw_only=True)
class UserErased(Message):
    """The account is gone. Each context erases the person, and what its books must keep names nobody."""

    context = "auth"
    user_id: str
    email: str
    name: str
