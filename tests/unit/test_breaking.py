"""The proxy that breaks what goes through it: it does what the plan says, and nothing else."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import httpx
import pytest

from localstack.breaking import Call, OneBreak, Way, breaking
from localstack.mailbag import Mailbag

TARGET = {"X-Amz-Target": "DynamoDB_20120810.PutItem"}


class Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    heard: ClassVar[list[tuple[str, bytes]]] = []

    def do_POST(self) -> None:
        self.heard.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[str]:
    Upstream.heard.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def put(url: str, body: bytes, headers: Any = TARGET) -> httpx.Response:
    return httpx.post(url, content=body, headers=headers, trust_env=False)


def test_a_call_says_how_far_the_clock_that_signed_it_is_off(upstream: str) -> None:
    calls: list[Call] = []
    with breaking(upstream, lambda call: calls.append(call)) as url:
        for minutes in (-2, 2):
            signed = datetime.now(UTC) + timedelta(minutes=minutes)
            put(f"{url}/OrdersApi", b"1", TARGET | {"X-Amz-Date": signed.strftime("%Y%m%dT%H%M%SZ")})
        put(f"{url}/OrdersApi", b"1")
    assert [round(call.ahead / 60) for call in calls] == [-2, 2, 0]
    assert len({*calls}) == 1  # the same request


def test_what_is_not_in_the_plan_goes_through_as_it_is(upstream: str) -> None:
    calls: list[Call] = []
    with breaking(upstream, lambda call: calls.append(call)) as url:
        assert put(f"{url}/OrdersApi", b"1").text == "ok"
        assert put(f"{url}/OrdersApi/v1/refunds?limit=1", b"2", {}).text == "ok"
        assert put(f"{url}/Notifications/", b"Action=SendRawEmail&To=a", {}).text == "ok"
    assert Upstream.heard == [("/", b"1"), ("/v1/refunds?limit=1", b"2"), ("/", b"Action=SendRawEmail&To=a")]
    told = [(call.function, call.operation) for call in calls]
    assert told == [("OrdersApi", "PutItem"), ("OrdersApi", "POST /v1/refunds"), ("Notifications", "SendRawEmail")]


@pytest.mark.parametrize(("way", "status"), [("throttled", 400), ("unavailable", 503)])
def test_a_refusal_goes_no_further_and_repeating_the_call_meets_it_too(upstream: str, way: Way, status: int) -> None:
    plan = OneBreak()
    plan.arm("OrdersApi", 1, way)
    with breaking(upstream, plan) as url:
        assert [put(f"{url}/OrdersApi", body).status_code for body in (b"1", b"2", b"2", b"3")] == [200, status, status, 200]
        assert put(f"{url}/OrdersWorker", b"2").status_code == 200
    assert [body for _, body in Upstream.heard] == [b"1", b"3", b"2"]
    assert plan.taken == ["PutItem"] * 3


def test_a_lost_answer_is_to_a_call_that_was_made(upstream: str) -> None:
    plan = OneBreak()
    plan.arm("OrdersApi", 0, "answer lost")
    with breaking(upstream, plan) as url, pytest.raises(httpx.RemoteProtocolError):
        put(f"{url}/OrdersApi", b"1")
    assert Upstream.heard == [("/", b"1")]


@pytest.mark.skipif(sys.platform != "linux", reason="it finds the process in /proc")
@pytest.mark.parametrize(("way", "made"), [("killed before", False), ("killed after", True)])
def test_the_process_that_called_is_killed_before_or_after_its_call(upstream: str, way: Way, made: bool) -> None:
    plan = OneBreak()
    plan.arm("OrdersApi", 0, way)
    with breaking(upstream, plan) as url:
        calling = f"import urllib.request; urllib.request.urlopen('{url}/OrdersApi', b'1'); print('it lives')"
        done = subprocess.run([sys.executable, "-c", calling], capture_output=True, env={}, check=False, timeout=30)
    assert (done.returncode, done.stdout) == (-9, b"")
    assert bool(Upstream.heard) == made


class Bus:
    def __init__(self) -> None:
        self.put: list[Any] = []

    def client(self, service: str) -> "Bus":
        assert service == "events"
        return self

    def put_events(self, **request: Any) -> None:
        self.put += request["Entries"]


def test_each_message_goes_out_twice_and_not_in_its_order() -> None:
    bus = Bus()
    with Mailbag(bus, spread=0.2) as bag:  # type: ignore[arg-type]  # all that it needs of an endpoint
        for number in range(0, 20, 2):
            entries = [{"Detail": str(number)}, {"Detail": str(number + 1)}]
            told = bag.take(Call("Relay", "PutEvents", ""), json.dumps({"Entries": entries}).encode())
            assert told
            answer = json.loads(told)
            assert answer["FailedEntryCount"] == 0
            assert len(answer["Entries"]) == 2
        assert bag.take(Call("Relay", "GetItem", ""), b"{}") is None
    went = [int(entry["Detail"]) for entry in bus.put]
    assert sorted(went) == sorted([*range(20), *range(20)])
    assert went != sorted(went)
    assert (bag.taken, bag.put) == (20, 40)


def test_an_answer_can_be_lost_that_was_given_before_it_went_further(upstream: str) -> None:
    plan = OneBreak()
    plan.arm("Relay", 0, "answer lost")
    with breaking(upstream, plan, lambda call, body: b"taken") as url:
        with pytest.raises(httpx.RemoteProtocolError):
            put(f"{url}/Relay", b"1")
        assert put(f"{url}/Relay", b"2").content == b"taken"
    assert Upstream.heard == []
