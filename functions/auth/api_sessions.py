"""The caller's sessions: one a device that is logged in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.auth.domain import Session
from functions.auth.edge import AccountsDep, SessionsDep, resource
from functions.auth.use_cases_sessions import end_all_sessions, end_session, list_sessions
from shared.clock import now
from shared.http import CallerDep, Cursor, Limit, Page

router = resource()

KeepCurrent = Annotated[bool, Query(description="All but the session that asks")]


@dataclass(frozen=True, slots=True)
class ListedSession:
    """`device` is what the program that logged in calls itself; `current` is the session that asks."""

    id: str
    device: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool

    @classmethod
    def of(cls, session: Session, current: str) -> "ListedSession":
        return cls(
            session.session_id,
            session.device,
            session.created_at,
            session.used_at,
            session.expires_at,
            session.session_id == current,
        )


@router.get("/auth/sessions", summary="Where one is logged in, newest first", tags=["auth"])
def get_sessions(
    accounts: AccountsDep, sessions: SessionsDep, caller: CallerDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[ListedSession]:
    alive, next_cursor = list_sessions(accounts, sessions, now, caller, limit, cursor)
    return Page([ListedSession.of(session, caller.session_id) for session in alive], next_cursor)


@router.delete("/auth/sessions/<session_id>", status_code=204, summary="End one session; may be repeated", tags=["auth"])
def delete_session(session_id: str, sessions: SessionsDep, caller: CallerDep) -> Response[None]:
    end_session(sessions, caller, session_id)
    return Response(204)


@router.delete("/auth/sessions", status_code=204, summary="End all sessions, or all others", tags=["auth"])
def delete_sessions(
    accounts: AccountsDep, sessions: SessionsDep, caller: CallerDep, keep_current: KeepCurrent = False
) -> Response[None]:
    end_all_sessions(accounts, sessions, caller, keep_current=keep_current)
    return Response(204)
