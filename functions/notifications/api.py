"""The inbox over HTTP: a person sees and marks their own, nobody else's."""

from dataclasses import dataclass
from typing import Annotated

from aws_lambda_powertools.event_handler import Depends
from aws_lambda_powertools.event_handler.openapi.params import Path

from functions.notifications.domain import InboxPage, Notification
from functions.notifications.dynamo import DynamoInbox
from functions.notifications.use_cases import Inbox
from shared.http import Api, CallerDep, Cursor, Limit

app = Api()
handler = app.entry

InboxDep = Annotated[Inbox, Depends(DynamoInbox)]
NotificationId = Annotated[str, Path(max_length=64, description="`id` of a notification of yours")]


@dataclass(frozen=True, slots=True)
class Unread:
    unread_count: int


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
