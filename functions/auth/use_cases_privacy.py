"""What a person agrees to, what they are shown of what is held about them, and how they leave."""

from datetime import datetime
from typing import Protocol

from functions.auth.domain import Credential
from functions.auth.personal_data import LINK_LIFE, Consent, Export, ExportState, missing
from functions.auth.throttle import Client
from functions.auth.use_cases import Accounts, Doors, Passwords, known, prove_password
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import Busy
from shared.ids import new_id
from shared.messages import DataExportRequested, UserErased


class Consents(Protocol):
    def record(self, user_id: str, consent: Consent) -> bool:
        """False, and nothing recorded, where there is no such user."""

    def page(self, user_id: str, limit: int, cursor: str | None) -> tuple[list[Consent], str | None]:
        """Newest first. Raises Malformed for a cursor that is not of this list."""


class Exports(Protocol):
    def latest(self, user_id: str) -> Export | None: ...

    def request(self, old: Export | None, new: Export, message: DataExportRequested) -> bool:
        """False, and nothing kept, where another was requested since `old` was read."""


class Archive(Protocol):
    """The bucket that the contexts hand over to."""

    def parts(self, export_id: str) -> set[str]: ...

    def link(self, export_id: str) -> str:
        """To all parts in one file; good for LINK_LIFE."""

    def remove(self, export_id: str) -> None: ...


class Erasure(Protocol):
    def erase(self, credential: Credential, message: UserErased) -> bool:
        """The account, and the message, at once. False, and nothing done, where the account changed meanwhile."""


def consent(consents: Consents, clock: Clock, caller: Caller, *, purpose: str, text_version: str, given: bool) -> Consent:
    """Raises UnknownUser."""
    made = Consent(purpose, text_version, given, clock())
    if not consents.record(caller.user_id, made):
        known(None, caller.user_id)
    return made


def see_export(accounts: Accounts, exports: Exports, archive: Archive, clock: Clock, caller: Caller) -> ExportState:
    """The archive of the last day, or one that is gathered from now on. Raises UnknownUser, Busy."""
    now = clock()
    export = exports.latest(caller.user_id)
    if export is None or not export.is_current(now):
        export = _request(accounts, exports, caller, export, now)
    waiting_for = missing(archive.parts(export.export_id))
    if waiting_for:
        return ExportState(export.export_id, "gathering", export.requested_at, waiting_for)
    return ExportState(export.export_id, "ready", export.requested_at, [], archive.link(export.export_id), now + LINK_LIFE)


def _request(accounts: Accounts, exports: Exports, caller: Caller, old: Export | None, now: datetime) -> Export:
    user = known(accounts.user(caller.user_id), caller.user_id)
    export = Export(new_id("exp"), user.user_id, now)
    if not exports.request(old, export, DataExportRequested(user_id=user.user_id, export_id=export.export_id)):
        raise Busy("You asked for it twice at once. Ask again in a second.")
    return export


def erase(
    doors: Doors,
    accounts: Accounts,
    passwords: Passwords,
    exports: Exports,
    archive: Archive,
    erasure: Erasure,
    clock: Clock,
    caller: Caller,
    *,
    password: str,
    client: Client,
) -> None:
    """The account ends at once, and every session with it; the contexts follow by message.

    Raises UnknownUser, BadCredentials, TooManyAttempts, Busy.
    """
    user, now = known(accounts.user(caller.user_id), caller.user_id), clock()
    credential = prove_password(doors, accounts, passwords, now, email=user.email, password=password, client=client)
    if export := exports.latest(user.user_id):
        archive.remove(export.export_id)
    if not erasure.erase(credential, UserErased(user_id=user.user_id, email=user.email, name=user.name)):
        raise Busy("The account changed just now. Send the request again.")
