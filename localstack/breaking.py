"""A proxy that breaks what goes through it, by a plan: between the functions of a running stack and what they call.

A function is sent here by its environment (AWS_ENDPOINT_URL, STRIPE_API_BASE), under a path that names it. What the plan does not
break goes through as it is. Killing a function needs /proc: Linux.
"""

import hashlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from localstack.ports import HOST

Way = Literal["killed before", "killed after", "answer lost", "throttled", "unavailable", "silent"]

WAYS: tuple[Way, ...] = ("killed before", "killed after", "answer lost", "throttled", "unavailable", "silent")
_SIGNED = "%Y%m%dT%H%M%SZ"  # the date of a signature (SigV4)
_SILENCE = 10.0  # seconds: longer than any of our clients waits for one answer
_PER_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}  # what no proxy hands on
# What clients take for a throttle: DynamoDB and the like by the body, SES (XML) and Stripe by the status.
_THROTTLED = b'{"__type":"com.amazonaws#ThrottlingException","message":"Rate exceeded"}'


@dataclass(frozen=True)
class Call:
    """One request of a function to what it uses."""

    function: str  # as template.yaml names it
    operation: str  # TransactWriteItems, SendRawEmail, POST /v1/refunds
    digest: str = field(repr=False)  # of the body: a client that repeats a request sends the same one
    ahead: float = field(default=0.0, repr=False, compare=False)  # seconds by which the clock that signed it is ahead of ours

    @classmethod
    def of(cls, method: str, path: str, target: str, body: bytes, date: str = "") -> "Call":
        function, _, rest = path.removeprefix("/").partition("/")
        action = parse_qs(body.decode()).get("Action", [""])[0] if body.startswith(b"Action=") else ""
        operation = target.rpartition(".")[2] or action or f"{method} /{rest.partition('?')[0]}"
        signed = datetime.strptime(date, _SIGNED).replace(tzinfo=UTC).timestamp() if date else time.time()
        return cls(function, operation, hashlib.sha256(body + path.encode()).hexdigest(), signed - time.time())


Plan = Callable[[Call], Way | None]


class OneBreak:
    """A plan: the call of a function with this number from now on is broken, and so is every repetition of it by the client."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.arm("", None, "answer lost")

    def arm(self, function: str, number: int | None, way: Way) -> None:
        """Number None: nothing is broken, and `taken` says which calls there were."""
        with self._lock:
            self._function, self._number, self._way = function, number, way
            self.taken: list[str] = []
            self.broken: Call | None = None

    def __call__(self, call: Call) -> Way | None:
        with self._lock:
            if call.function != self._function:
                return None
            if call == self.broken:
                # So it does not learn what became of the first.
                return self._way if self._way in ("throttled", "silent") else "unavailable"
            self.taken.append(call.operation)
            if self._number is None or len(self.taken) - 1 != self._number:
                return None
            self.broken = call
            return self._way


@contextmanager
def breaking(
    upstream: str, plan: Plan, intercept: Callable[[Call, bytes], bytes | None] = lambda call, body: None
) -> Iterator[str]:
    """The URL of a proxy of `upstream`, to which a function's name is appended. What `intercept` answers goes no further."""
    server = ThreadingHTTPServer((HOST, 0), partial(_Handler, urlsplit(upstream).netloc, plan, intercept))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    """One connection of a function."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, upstream: str, plan: Plan, intercept: Callable[[Call, bytes], bytes | None], *rest: object) -> None:
        self._upstream, self._plan, self._intercept = HTTPConnection(upstream, timeout=60), plan, intercept
        super().__init__(*rest)  # type: ignore[arg-type]  # what the server gives each handler

    def handle(self) -> None:
        with suppress(ConnectionError):  # a killed function says no good-bye
            super().handle()

    def finish(self) -> None:
        self._upstream.close()
        with suppress(ConnectionError):
            super().finish()

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        named = self.headers.get("x-amz-target", "")
        call = Call.of(self.command, self.path, named, body, self.headers.get("x-amz-date", ""))
        way = self._plan(call)
        if way == "throttled":
            self._answer(400 if "x-amz-target" in self.headers else 429, _THROTTLED)
        elif way == "unavailable":
            self._answer(503, b"")
        elif way == "silent":
            self._hang_up(after=_SILENCE)
        elif way == "killed before":
            self._kill()
        else:
            self._pass_on(call, body, way)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any  # noqa: N815  # as http.server names them

    def _pass_on(self, call: Call, body: bytes, way: Way | None) -> None:
        status, content, headers = 200, self._intercept(call, body), None
        if content is None:
            try:
                answer = self._forward(call, body)
                status, content = answer.status, answer.read()
            except (OSError, HTTPException):
                self._hang_up()
                return
            headers = [each for each in answer.getheaders() if each[0].lower() not in _PER_HOP]
        if way == "killed after":
            self._kill()
        elif way == "answer lost":
            self._hang_up()
        else:
            self._answer(status, content, headers)

    def _forward(self, call: Call, body: bytes) -> HTTPResponse:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _PER_HOP}
        self._upstream.request(self.command, self.path.removeprefix(f"/{call.function}") or "/", body, headers)
        return self._upstream.getresponse()

    def _answer(self, status: int, content: bytes, headers: list[tuple[str, str]] | None = None) -> None:
        self.send_response_only(status)
        for name, value in headers or [("Content-Type", "application/x-amz-json-1.0")]:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _hang_up(self, after: float = 0.0) -> None:
        if after:
            self.connection.settimeout(after)
            with suppress(OSError):
                self.rfile.read(1)  # until the function gives up, or it has been long enough
        self.close_connection = True

    def _kill(self) -> None:
        pid = process_of(self.client_address[1])
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Silent: the functions' own logs tell what they met."""


def process_of(port: int) -> int | None:
    """The process whose connection has this local port."""
    sockets = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    inode = next((fields[9] for fields in sockets if int(fields[1].rpartition(":")[2], 16) == port and fields[9] != "0"), None)
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if any(str(descriptor.readlink()) == f"socket:[{inode}]" for descriptor in (process / "fd").iterdir()):
                return int(process.name)
    return None
