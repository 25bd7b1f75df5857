"""What a person sees of their sessions, and how they end them."""

from functions.auth.domain import Session
from functions.auth.use_cases import Accounts, Sessions, known
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import Busy, NotFound


def list_sessions(
    accounts: Accounts, sessions: Sessions, clock: Clock, caller: Caller, limit: int, cursor: str | None
) -> tuple[list[Session], str | None]:
    """Those that are alive, newest first. Raises UnknownUser, Malformed."""
    user, now = known(accounts.user(caller.user_id), caller.user_id), clock()
    opened, next_cursor = sessions.page(caller.user_id, limit, cursor)
    return [session for session in opened if session.is_alive(user, now)], next_cursor


def end_session(sessions: Sessions, caller: Caller, session_id: str) -> None:
    """May be repeated. Its access token is good for what is left of its 15 minutes. Raises NotFound."""
    if not sessions.revoke(caller.user_id, session_id):
        raise NotFound(f"You have no session {session_id}. GET /auth/sessions lists what you have.")


def end_all_sessions(accounts: Accounts, sessions: Sessions, caller: Caller, *, keep_current: bool) -> None:
    """Raises UnknownUser, and Busy where sessions were ended by another at the same time."""
    user = known(accounts.user(caller.user_id), caller.user_id)
    if not sessions.end_all(user.user_id, user.generation, caller.session_id if keep_current else None):
        raise Busy("Your sessions were ended by somebody else just now. GET /auth/sessions shows what is left.")
