"""What was stored long ago (`tests/contract/items`) is answered by the routes of today."""

import boto3
import pytest

from functions.auth import api as auth
from functions.contacts import api as contacts
from functions.events import api as events
from functions.notifications import api as notifications
from functions.orders import api as orders
from functions.tickets import api as tickets
from shared.caller import Caller
from tests.contract.test_items import Raw, stored
from tests.support import Handler, Table, call


def owner(item: Raw) -> str:
    """Whose partition it is in, or whose list it is on."""
    keys = [item[name]["S"] for name in ("pk", "gsi1pk") if name in item]
    return next((key.removeprefix("USER#") for key in keys if key.startswith("USER#")), "usr_anybody")


@pytest.mark.parametrize(
    ("context", "handler", "kind", "path"),
    [
        ("auth", auth.handler, "User", "/auth/me"),
        ("events", events.handler, "Conference", "/events/conferences/{pk}"),
        ("orders", orders.handler, "Order", "/orders/{pk}"),
        ("tickets", tickets.handler, "Ticket", "/tickets/{pk}"),
        ("contacts", contacts.handler, "Contact", "/contacts"),
        ("notifications", notifications.handler, "Notification", "/notifications"),
    ],
)
def test_a_route_answers_with_what_was_stored(table: Table, context: str, handler: Handler, kind: str, path: str) -> None:
    items = stored(context)
    for item in items:
        boto3.client("dynamodb").put_item(TableName="ketemu", Item=item)
    for item in (item for item in items if item["kind"]["S"] == kind):
        who = Caller(owner(item), "ada@example.org", "Ada")
        answer = call(handler, "GET", path.format(pk=item["pk"]["S"].partition("#")[2]), caller=who)
        assert answer.status == 200, answer
        told = answer.json.get("items", [answer.json])
        assert [each for each in told if each.get("id", each.get("user_id"))]
