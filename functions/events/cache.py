"""The rendered agenda in Redis: read by thousands, changed a few times a day, and never needed for a right answer.

One hash per conference holds the release's number and its body. Redis may be off, down or slow: every call is bounded by the
time-outs, fails into a warning, and opens a breaker that leaves Redis alone for a while.
"""

import os
import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from functions.events.agenda import Rendered
from functions.events.use_cases import AgendaCache
from shared.telemetry import logger

if TYPE_CHECKING:
    from redis import Redis

_LIFE = 300  # seconds an agenda is kept: how long one can be behind if every refresh of it failed
_CONNECT, _ANSWER = 0.1, 0.1  # seconds; in one availability zone Redis answers within 1 ms
_REST = 5.0  # seconds that Redis is left alone after a failure

# Several functions render at once; whoever is late with an older release must not win.
_KEEP_IF_NEWER = """
local held = tonumber(redis.call('HGET', KEYS[1], 'release'))
if held and held > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'release', ARGV[1], 'body', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""

T = TypeVar("T")


def agenda_cache() -> AgendaCache:
    """The cache at AGENDA_CACHE_URL (redis:// or rediss://); none where that is `off` or not set."""
    return _cache_at(os.environ.get("AGENDA_CACHE_URL") or "off")


@cache
def _cache_at(url: str) -> AgendaCache:
    return NoCache() if url == "off" else RedisCache(url)


class NoCache:
    def get(self, conference_id: str) -> Rendered | None:
        return None

    def keep(self, conference_id: str, rendered: Rendered) -> bool:
        return True


class RedisCache:
    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._resting_until = 0.0
        self._redis: Redis | None = None

    def get(self, conference_id: str) -> Rendered | None:
        """One call to Redis; None where it has nothing, or does not answer."""
        held = self._bounded(lambda redis: redis.hmget(_key(conference_id), ["release", "body"]))
        if not held or held[0] is None or held[1] is None:
            return None
        return Rendered(int(held[0]), held[1])

    def keep(self, conference_id: str, rendered: Rendered) -> bool:
        """Keep it, unless a newer release is held. False where Redis does not answer."""
        arguments = (str(rendered.release), rendered.body, str(_LIFE))
        return self._bounded(lambda redis: redis.eval(_KEEP_IF_NEWER, 1, _key(conference_id), *arguments)) is not None

    def _bounded(self, call: Callable[["Redis"], Any]) -> Any:  # Redis answers are untyped by nature
        """What `call` answers, or None where Redis failed now or within the last seconds."""
        from redis.exceptions import RedisError

        if self._clock() < self._resting_until:
            return None
        try:
            return call(self._connected())
        except RedisError as failure:
            self._resting_until = self._clock() + _REST
            logger.warning("agenda cache does not answer", reason=type(failure).__name__, resting_seconds=_REST)
            return None

    def _connected(self) -> "Redis":
        if self._redis is None:
            from redis import Redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry

            self._redis = Redis.from_url(
                self._url,
                socket_connect_timeout=_CONNECT,
                socket_timeout=_ANSWER,
                retry=Retry(NoBackoff(), 0),
                lib_name=None,  # no CLIENT SETINFO: it costs a round trip at each connection
                lib_version=None,
            )
        return self._redis


def _key(conference_id: str) -> str:
    return f"ketemu:agenda:1:{conference_id}"  # 1: the shape of the value
