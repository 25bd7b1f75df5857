"""The whole platform, running here or deployed to an emulator that runs elsewhere.

with running_stack() as stack:
    httpx.get(f"{stack.api_url}/events/conferences")
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from localstack import ports
from localstack.deploy import deploy
from localstack.disk import TO_GO_ON, TO_START, require_space
from localstack.emulator import emulator, valkey
from localstack.endpoint import Endpoint
from localstack.paths import LOCAL
from localstack.processes import Child
from localstack.settings import put_right
from localstack.standing import is_played_on
from localstack.steps import Steps
from localstack.streams import ended_at, hand_again

MAIL_FROM = "tickets@example.org"
DIGEST_SECONDS = 10  # nobody who tries it out should wait


@dataclass(frozen=True)
class RunningStack:
    """A deployed platform that answers."""

    api_url: str
    endpoint: Endpoint
    redis_url: str  # "off" where there is none
    fresh: bool  # it was deployed, or deployed anew, just now
    children: tuple[Child, ...] = ()
    websocket_url: str | None = None  # None where the emulator has no WebSockets

    @property
    def endpoint_url(self) -> str:
        return self.endpoint.url

    @property
    def region(self) -> str:
        return self.endpoint.region

    def check(self) -> None:
        """Raises Failure where a program it stands on has ended (with the end of its log), or the disk is about to be full."""
        for child in self.children:
            child.check()
            require_space(child.log.parent, TO_GO_ON)
        if not self.children:  # the emulator is somebody else's
            self.endpoint.check()


@contextmanager
def running_stack(*, port: int | None = None, data: Path | None = None, steps: Steps | None = None) -> Iterator[RunningStack]:
    """Start emulator and Valkey with the data of a directory, deploy what changed, and end both with the block.

    `port` is the emulator's (a free one by default, and Valkey's next to it); `data` defaults to `.local/<port>`. The data is
    written when the block ends, not before. What is seeded is the caller's affair. Raises Failure; nothing is left running then.
    """
    steps = steps or Steps()
    port = port or ports.free_port()
    data = data or LOCAL / str(port)
    data.mkdir(parents=True, exist_ok=True)
    require_space(data, TO_START)
    ended = ended_at(data)
    with ExitStack() as children:
        with steps("Start the emulator and Valkey"):
            ports.require_free(port, patience=3)
            cache_port = port + 1 if ports.is_free(port + 1) else ports.free_port()
            programs = (children.enter_context(valkey(cache_port, data)), children.enter_context(emulator(port, data)))
        endpoint, redis_url = Endpoint(f"http://{ports.HOST}:{port}"), f"redis://{ports.HOST}:{cache_port}/0"
        outputs, fresh = deploy(endpoint, parameters(endpoint, redis_url), data, steps, embedded=True)
        if not is_played_on(data):
            put_right(endpoint)
        if ended:
            with steps("Go on with what was under way"):
                handed = hand_again(endpoint, ended)
            steps.say(f"{handed} items of the last minutes, to the readers of the tables' streams")
        yield RunningStack(_api_url(endpoint, outputs), endpoint, redis_url, fresh, programs, _live_url(endpoint, outputs))


def deployed_stack(url: str, logs: Path, steps: Steps) -> RunningStack:
    """The stack on an emulator that somebody else runs. Its functions find a cache at REDIS_URL, where set. Raises Failure."""
    endpoint = Endpoint(url.rstrip("/"))
    with steps(f"Find the emulator at {endpoint.url}"):
        endpoint.check()
    redis_url = os.environ.get("REDIS_URL") or "off"
    outputs, fresh = deploy(endpoint, parameters(endpoint, redis_url), logs, steps)
    if not is_played_on(logs):
        put_right(endpoint)
    return RunningStack(_api_url(endpoint, outputs), endpoint, redis_url, fresh, websocket_url=_live_url(endpoint, outputs))


def parameters(endpoint: Endpoint, redis_url: str) -> dict[str, str]:
    """Of template.yaml, for a stack that is not on AWS."""
    return {
        "Stage": "local",
        "AgendaCacheUrl": redis_url,
        "MailFrom": MAIL_FROM,
        "EventArchive": "off",
        "DigestSeconds": str(DIGEST_SECONDS),
        "ApiAddress": endpoint.api_url("{api}", "v1"),
        "Live": "on" if endpoint.is_ministack else "off",  # free LocalStack has no API Gateway v2
        "LiveAddress": endpoint.live_url("{api}", "v1"),
    }


def _api_url(endpoint: Endpoint, outputs: Mapping[str, str]) -> str:
    return endpoint.api_url(outputs["ApiId"], outputs["Stage"])


def _live_url(endpoint: Endpoint, outputs: Mapping[str, str]) -> str | None:
    return endpoint.live_url(outputs["LiveApiId"], outputs["Stage"]) if "LiveApiId" in outputs else None
