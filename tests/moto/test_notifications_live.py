"""Live connections in DynamoDB, and the WebSocket's edge; frames are caught where API Gateway would take them."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest

from functions.notifications import api, sockets, wire, worker
from functions.notifications.dynamo_live import DynamoConnections, DynamoTickets
from functions.notifications.live import TICKET_LIFE, TOGETHER, Connection
from shared import delay
from shared.caller import Caller
from shared.clock import now
from shared.messages import (
    AgendaReleased,
    CheckInAnnulled,
    DoorCounted,
    LiveFrame,
    MembershipChanged,
    OrderExpired,
    TicketCheckedIn,
)
from tests.support import CONTEXT, Table, call, deliver

ADA = Caller("usr_ada", "ada@example.org", "Ada", {"cnf_1": "staff"})
BOB = Caller("usr_bob", "bob@example.org", "Bob", {"cnf_1": "speaker"})


class Sky:
    """Takes every frame; `dead` has the connections that are gone."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []
        self.dead: set[str] = set()

    def is_gone(self, connection_id: str, data: bytes) -> bool:
        self.sent.append((connection_id, json.loads(data)))
        return connection_id in self.dead

    def of(self, connection_id: str) -> list[Any]:
        return [frame for each, frame in self.sent if each == connection_id]


@pytest.fixture
def sky(table: Table, mailing: None, monkeypatch: pytest.MonkeyPatch) -> Sky:
    above = Sky()
    monkeypatch.setattr(wire, "_is_gone", above.is_gone)
    monkeypatch.setenv("LIVE_URL", "wss://{api}.example.org/v1")
    monkeypatch.setenv("LIVE_ID", "l1v3")
    delay._queue.cache_clear()
    monkeypatch.setenv("QUEUE_URL", boto3.client("sqs").create_queue(QueueName="notifications")["QueueUrl"])
    return above


def socket(kind: str, connection_id: str, body: Any = None, **query: str) -> int:
    event = {
        "requestContext": {"connectionId": connection_id, "eventType": kind, "requestId": "r-1"},
        "queryStringParameters": query or None,
        "body": body if isinstance(body, str) else json.dumps(body),
    }
    return int(sockets.handler(event, CONTEXT)["statusCode"])


def ticket(caller: Caller = ADA, *conference_ids: str) -> Any:
    answer = call(api.handler, "POST", "/notifications/live", {"conference_ids": list(conference_ids)}, caller=caller)
    assert answer.status == 201
    return answer.json


def joined(connection_id: str, caller: Caller = ADA, *conference_ids: str, after: int | None = None) -> None:
    assert socket("CONNECT", connection_id, ticket=ticket(caller, *conference_ids)["ticket"]) == 200
    assert socket("MESSAGE", connection_id, {"action": "resume"} | ({} if after is None else {"after": after})) == 200


def expired(number: int) -> OrderExpired:
    return OrderExpired(conference_id="cnf_1", order_id=f"ord_{number}", buyer_id="usr_ada", conference_name="PyCon")


def scanned(number: int, direction: Any = "entry") -> TicketCheckedIn:
    return TicketCheckedIn(
        id=f"msg_{number}",
        conference_id="cnf_1",
        ticket_id=f"tkt_{number}",
        owner_id="usr_bob",
        ticket_type_id="typ_1",
        gate=None,
        direction=direction,
        scanned_at=now(),
    )


def queued() -> list[Any]:
    """What waits in the context's own queue, now or later."""
    sqs = boto3.client("sqs")
    (url,) = sqs.list_queues()["QueueUrls"]
    found = []
    while some := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        found += [json.loads(each["Body"]) for each in some]
    return found


def test_a_ticket_says_where_and_until_when(sky: Sky) -> None:
    given = ticket()
    assert given["url"] == "wss://l1v3.example.org/v1"
    assert len(given["ticket"]) >= 43  # 256 bits


def test_a_ticket_is_kept_as_a_hash(sky: Sky, table: Table) -> None:
    assert ticket()["ticket"] not in json.dumps(table.items(), default=str)


def test_a_ticket_opens_once(sky: Sky) -> None:
    secret = ticket()["ticket"]
    assert [socket("CONNECT", each, ticket=secret) for each in ("c1", "c2")] == [200, 401]
    assert socket("CONNECT", "c3", ticket="guess") == 401
    assert socket("CONNECT", "c4") == 401


def test_a_ticket_expires(sky: Sky, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = ticket()["ticket"]
    assert DynamoTickets().redeem(secret, "c1", now() + TICKET_LIFE) is None
    assert DynamoTickets().redeem(secret, "c1", now() + TICKET_LIFE - timedelta(seconds=5)) is not None


def test_whoever_listens_is_told_at_once(sky: Sky) -> None:
    joined("c1")
    joined("c2", BOB)
    deliver(worker.handler, expired(1))
    told = [frame for frame in sky.of("c1") if frame["type"] == "notification"]
    [listed] = call(api.handler, "GET", "/notifications", caller=ADA).json["items"]
    assert [frame["notification"] for frame in told] == [listed]
    assert [frame["type"] for frame in sky.of("c2")] == ["ready"]


def test_nobody_hears_anything_before_they_resume(sky: Sky) -> None:
    socket("CONNECT", "c1", ticket=ticket()["ticket"])
    deliver(worker.handler, expired(1))
    assert sky.sent == []


def test_who_comes_back_gets_what_was_missed_in_order_and_then_ready(sky: Sky) -> None:
    deliver(worker.handler, *map(expired, range(4)))
    joined("c1", after=1)
    *missed, ready = sky.of("c1")
    assert [frame["notification"]["number"] for frame in missed] == [2, 3, 4]
    assert ready == {"type": "ready", "latest": 4, "complete": True}


def test_who_comes_for_the_first_time_starts_from_now(sky: Sky) -> None:
    deliver(worker.handler, *map(expired, range(4)))
    joined("c1")
    assert sky.of("c1") == [{"type": "ready", "latest": 4, "complete": True}]


def test_who_claims_to_have_more_than_there_is_is_told(sky: Sky) -> None:
    joined("c1", after=7)
    assert sky.of("c1") == [{"type": "ready", "latest": 0, "complete": False}]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        '"resume"',
        {},
        {"action": None},
        {"action": "sing"},
        {"action": "resume", "after": -1},
        {"action": "resume", "after": True},
        {"action": "resume", "after": 1.5},
        {"action": "resume", "after": "1"},
        {"action": "resume", "after": 2**54},
    ],
    ids=lambda body: str(body)[:30],
)
def test_what_is_not_understood_is_refused_and_the_connection_stays(sky: Sky, table: Table, body: Any) -> None:
    socket("CONNECT", "c1", ticket=ticket()["ticket"])
    before = table.items()
    assert socket("MESSAGE", "c1", body) == 200
    (frame,) = sky.of("c1")
    assert (frame["type"], frame["problem"]["type"]) == ("refused", "urn:ketemu:problem:malformed")
    assert table.items() == before


def test_a_connection_nobody_opened_hears_nothing(sky: Sky, table: Table) -> None:
    socket("MESSAGE", "c9", {"action": "resume"})
    assert sky.of("c9")[0]["problem"]["status"] == 403
    assert table.items() == []


def test_a_ping_is_answered(sky: Sky) -> None:
    socket("MESSAGE", "c1", {"action": "ping"})
    assert sky.of("c1") == [{"type": "pong"}]


def test_a_closed_connection_leaves_nothing(sky: Sky, table: Table) -> None:
    joined("c1", ADA, "cnf_1")
    for _ in range(2):
        assert socket("DISCONNECT", "c1") == 200
    assert table.items() == []


def test_a_dead_connection_is_forgotten_when_it_is_told_something(sky: Sky) -> None:
    joined("c1", ADA, "cnf_1")
    joined("c2")
    sky.dead = {"c1"}
    deliver(worker.handler, expired(1))
    assert DynamoConnections().get("c1") is None
    assert DynamoConnections().of("door:cnf_1") == []
    assert DynamoConnections().of("inbox:usr_ada") == ["c2"]


def test_what_is_left_of_a_dead_connection_is_forgotten_too(sky: Sky) -> None:
    DynamoConnections().subscribe(Connection("c1", "usr_ada", ("inbox:usr_ada",)))  # as if it closed while it resumed
    sky.dead = {"c1"}
    deliver(worker.handler, expired(1))
    assert DynamoConnections().of("inbox:usr_ada") == []


def test_a_release_reaches_everybody_who_follows_the_agenda_and_an_older_one_nobody(sky: Sky) -> None:
    joined("c1", ADA, "cnf_1")
    joined("c2", BOB, "cnf_1")
    joined("c3", BOB, "cnf_2")
    deliver(worker.handler, *(AgendaReleased(conference_id="cnf_1", release=release) for release in (2, 1, 3)))
    for each in ("c1", "c2"):
        assert [frame["release"] for frame in sky.of(each) if frame["type"] == "agenda"] == [2, 3]
    assert [frame["type"] for frame in sky.of("c3")] == ["ready"]
    joined("c4", BOB, "cnf_1")
    assert [frame["release"] for frame in sky.of("c4") if frame["type"] == "agenda"] == [3]


def test_very_many_are_told_by_way_of_the_queue(sky: Sky) -> None:
    connections = DynamoConnections()
    many = [f"c{number:04}" for number in range(TOGETHER * 2 + 1)]
    for each in many:
        connections.subscribe(Connection(each, "usr_any", ("agenda:cnf_1",)))
    deliver(worker.handler, AgendaReleased(conference_id="cnf_1", release=1))
    assert sky.sent == []
    waiting = queued()
    assert [len(each["detail"]["connection_ids"]) for each in waiting] == [TOGETHER, TOGETHER, 1]
    sky.dead = {many[0]}
    frames = [LiveFrame(**{name: each["detail"][name] for name in ("topic", "connection_ids", "frame")}) for each in waiting]
    assert deliver(worker.handler, *frames) == []
    assert sorted(each for each, _ in sky.sent) == many
    assert all(frame == {**sky.sent[0][1], "release": 1} for _, frame in sky.sent)
    assert connections.of("agenda:cnf_1") == many[1:]


def test_only_staff_see_the_door(sky: Sky) -> None:
    joined("c1", ADA, "cnf_1", "cnf_2")
    joined("c2", BOB, "cnf_1")
    deliver(worker.handler, scanned(1))
    door = {"type": "door", "conference_id": "cnf_1", "entries": 1, "exits": 0, "inside": 1}
    assert [frame for frame in sky.of("c1") if frame["type"] == "door"] == [door]
    assert not [frame for frame in sky.of("c2") if frame["type"] == "door"]


def test_each_scan_counts_once_and_who_comes_later_sees_the_counts(sky: Sky) -> None:
    scans = [scanned(number) for number in range(5)] + [scanned(9, "exit")]
    deliver(worker.handler, *scans, *scans)
    joined("c1", ADA, "cnf_1")
    (door,) = (frame for frame in sky.of("c1") if frame["type"] == "door")
    assert (door["entries"], door["exits"], door["inside"]) == (5, 1, 4)


def test_a_scan_that_was_taken_back_counts_no_more(sky: Sky) -> None:
    taken_back = CheckInAnnulled(conference_id="cnf_1", ticket_id="tkt_1", direction="entry")
    deliver(worker.handler, scanned(1), scanned(2), taken_back, taken_back)
    joined("c1", ADA, "cnf_1")
    (door,) = (frame for frame in sky.of("c1") if frame["type"] == "door")
    assert (door["entries"], door["inside"]) == (1, 1)


def test_a_busy_door_is_shown_once_now_and_once_in_a_second(sky: Sky, monkeypatch: pytest.MonkeyPatch) -> None:
    at = now()
    monkeypatch.setattr(worker, "now", lambda: at)
    joined("c1", ADA, "cnf_1")
    deliver(worker.handler, *map(scanned, range(20)))

    def shown() -> list[int]:
        return [frame["entries"] for frame in sky.of("c1") if frame["type"] == "door"]

    assert shown() == [1]
    deliver(worker.handler, DoorCounted(conference_id="cnf_1"))
    assert shown() == [1, 20]


def test_who_is_taken_off_the_team_sees_the_door_no_more(sky: Sky) -> None:
    joined("c1", ADA, "cnf_1")
    deliver(worker.handler, MembershipChanged(conference_id="cnf_1", user_id="usr_ada", role=None, revision=2))
    socket("MESSAGE", "c1", {"action": "resume"})
    deliver(worker.handler, scanned(1))
    assert not [frame for frame in sky.of("c1") if frame["type"] == "door"]


@pytest.mark.parametrize(
    ("body", "caller", "status", "slug"),
    [
        ({}, None, 401, "unauthenticated"),
        ({"conference_ids": "cnf_1"}, ADA, 422, "invalid"),
        ({"conference_ids": [""]}, ADA, 422, "invalid"),
        ({"conference_ids": ["x" * 65]}, ADA, 422, "invalid"),
        ({"conference_ids": ["cnf_1"] * 11}, ADA, 422, "invalid"),
        ({"conference_ids": [None]}, ADA, 422, "invalid"),
        ({"topics": ["inbox:usr_bob"]}, ADA, 422, "invalid"),
        ("{", ADA, 400, "malformed"),
        (None, ADA, 422, "invalid"),
    ],
)
def test_no_ticket_is_given_for_what_is_wrong(
    sky: Sky, table: Table, body: Any, caller: Caller | None, status: int, slug: str
) -> None:
    answer = call(api.handler, "POST", "/notifications/live", body, caller=caller)
    assert (answer.status, answer.problem()) == (status, slug)
    assert table.items() == []


def test_where_there_is_no_websocket_api_it_is_said(sky: Sky, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVE_URL", "off")
    answer = call(api.handler, "POST", "/notifications/live", {}, caller=ADA)
    assert (answer.status, answer.problem()) == (404, "no-live")
    assert deliver(worker.handler, expired(1), scanned(1), AgendaReleased(conference_id="cnf_1", release=1)) == []


def test_a_ticket_and_a_code_are_not_in_the_logs(
    sky: Sky, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = ticket()["ticket"]
    socket("CONNECT", "c1", ticket=secret)
    written: Callable[[], str] = lambda: " ".join(str(vars(record)) for record in caplog.records) + capsys.readouterr().out  # noqa: E731
    assert secret not in written()
