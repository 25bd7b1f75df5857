"""The inbox and what goes there, over HTTP: a person sees and changes their own, nobody else's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler import Depends, Response
from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import Field

from functions.notifications import api_opting_out
from functions.notifications.domain import InboxPage, Notification
from functions.notifications.dynamo import DynamoInbox
from functions.notifications.dynamo_live import DynamoTickets
from functions.notifications.dynamo_people import DynamoAddresses, DynamoPeople
from functions.notifications.kinds import Channel
from functions.notifications.live import Tickets, issue_ticket
from functions.notifications.opting_out import PATH
from functions.notifications.preferences import Preferences, chosen, preferences
from functions.notifications.use_cases import Addresses, Inbox, People
from functions.notifications.wire import live_url
from shared.caller import Caller
from shared.clock import now
from shared.errors import Problem
from shared.http import Api, Body, CallerDep, Cursor, Limit

app = Api(pages_below=(PATH,))  # where a mail program posts a form too: RFC 8058
handler = app.entry

InboxDep = Annotated[Inbox, Depends(DynamoInbox)]
PeopleDep = Annotated[People, Depends(DynamoPeople)]
AddressesDep = Annotated[Addresses, Depends(DynamoAddresses)]
TicketsDep = Annotated[Tickets, Depends(DynamoTickets)]
NotificationId = Annotated[str, Path(max_length=64, description="`id` of a notification of yours")]


@dataclass(frozen=True, slots=True)
class Unread:
    unread_count: int


@dataclass(frozen=True, slots=True)
class Deleted:
    deleted: int


class PutPreferences(Body):
    """By kind and channel; what is left out is as it is by default."""

    kinds: Annotated[dict[str, dict[Channel, bool]], Field(max_length=100)]


class GoLive(Body):
    """Of which conferences, beside one's own inbox: their agendas, and the doors of those one works at."""

    conference_ids: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(default_factory=list, max_length=10)


@dataclass(frozen=True, slots=True)
class LiveTicket:
    """Connect to `url`?ticket=`ticket` until `expires_at`; it opens one connection."""

    url: str
    ticket: str
    expires_at: datetime


class NoLive(Problem):
    status, slug, title = 404, "no-live", "There are no live connections here"


@app.get("/notifications", summary="What happened to you, newest first", tags=["notifications"])
def get_notifications(caller: CallerDep, inbox: InboxDep, limit: Limit = 50, cursor: Cursor = None) -> InboxPage:
    return inbox.page(caller.user_id, limit=limit, cursor=cursor)


@app.post("/notifications/<notification_id>/read", summary="Mark one as read; may be repeated", tags=["notifications"])
def post_read(notification_id: NotificationId, caller: CallerDep, inbox: InboxDep) -> Notification:
    return inbox.read(caller.user_id, notification_id)


@app.post("/notifications/read-all", summary="Mark everything as read; may be repeated", tags=["notifications"])
def post_read_all(caller: CallerDep, inbox: InboxDep) -> Unread:
    inbox.read_all(caller.user_id)
    return Unread(0)


@app.delete("/notifications/<notification_id>", status_code=204, summary="Delete one for good", tags=["notifications"])
def delete_notification(notification_id: NotificationId, caller: CallerDep, inbox: InboxDep) -> Response[None]:
    inbox.delete(caller.user_id, notification_id)
    return Response(204)


@app.delete("/notifications", summary="Delete everything that is read; may be repeated", tags=["notifications"])
def delete_notifications(caller: CallerDep, inbox: InboxDep) -> Deleted:
    return Deleted(inbox.delete_read(caller.user_id))


@app.get("/notifications/preferences", summary="What you hear of, by which channel", tags=["notifications"])
def get_preferences(caller: CallerDep, people: PeopleDep, addresses: AddressesDep) -> Preferences:
    return _preferences(caller, people, addresses)


@app.put("/notifications/preferences", summary="Choose what you hear of, by kind and channel", tags=["notifications"])
def put_preferences(body: PutPreferences, caller: CallerDep, people: PeopleDep, addresses: AddressesDep) -> Preferences:
    people.choose(caller.user_id, chosen(body.kinds))
    return _preferences(caller, people, addresses)


@app.post("/notifications/preferences/email", summary="Get e-mails again after one came back", tags=["notifications"])
def post_email(caller: CallerDep, people: PeopleDep, addresses: AddressesDep) -> Preferences:
    addresses.clear(caller.email, now())
    return _preferences(caller, people, addresses)


def _preferences(caller: Caller, people: People, addresses: Addresses) -> Preferences:
    return preferences(people.get(caller.user_id).choices, caller.email, addresses.trouble(caller.email))


@app.post("/notifications/live", status_code=201, summary="Get a ticket that opens a live connection, once", tags=["notifications"])
def post_live(body: GoLive, caller: CallerDep, tickets: TicketsDep) -> LiveTicket:
    url = live_url()
    if url is None:
        raise NoLive("This platform runs without a WebSocket API. Ask GET /notifications now and then.")
    ticket = issue_ticket(tickets, now, caller=caller, conference_ids=body.conference_ids)
    return LiveTicket(url, ticket.secret, ticket.expires_at)


app.include_router(api_opting_out.router)
