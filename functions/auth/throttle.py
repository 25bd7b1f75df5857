"""How often something may be tried: waits that grow with each try, and never become for ever."""

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address
from math import ceil

from shared.errors import Problem

_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")  # a header's text, and nothing that could break a line
_DEVICE_LENGTH = 200
NEVER = datetime.fromtimestamp(0, UTC)


class TooManyAttempts(Problem):
    status, slug, title = 429, "too-many-attempts", "Too many attempts"

    def __init__(self, wait: timedelta) -> None:
        self.seconds = max(1, ceil(wait.total_seconds()))
        super().__init__(
            f"Wait {self.seconds} s and try again; the right password works then. "
            "A new password by e-mail (POST /auth/password/forgot) is the other way in."
        )

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.seconds)}


@dataclass(frozen=True, slots=True)
class Pace:
    """`free` tries without a wait; then `first`, doubled by each further one up to `longest`; forgotten after `memory` of quiet."""

    free: int
    first: timedelta
    longest: timedelta
    memory: timedelta = timedelta(days=1)

    def wait(self, tries: int) -> timedelta:
        """After so many tries."""
        over = tries - self.free
        return min(self.first * 2 ** min(over, 30), self.longest) if over >= 0 else timedelta(0)


# One account from one address: a person who mistypes waits seconds, a program gets some 100 tries a day.
HERE = Pace(5, timedelta(seconds=2), timedelta(minutes=15))
# One account from all addresses that it never logged in from: guesses spread over many machines.
ANYWHERE = Pace(20, timedelta(seconds=2), timedelta(minutes=15))
# E-mails with a token to one address. The longest wait is shorter than any token's life: the last mail is good until the next one.
MAILS = Pace(1, timedelta(minutes=1), timedelta(minutes=15))

TRUST = timedelta(days=30)  # for which an address is one that the account logs in from

# One address with any account that does not trust it: bounds the work of hashing that a machine can cause. Generous, as a venue
# is one address to us.
ADDRESS_FAILURES = 100
ADDRESS_WINDOW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Tries:
    """`number` in a row, the last of which closed the door until `open_at`; forgotten at `fades_at`."""

    number: int = 0
    open_at: datetime = NEVER
    fades_at: datetime = NEVER
    trusted_until: datetime = NEVER

    def next(self, pace: Pace, now: datetime) -> "Tries":
        """Raises TooManyAttempts before `open_at`."""
        if now < self.open_at:
            raise TooManyAttempts(self.open_at - now)
        number = self.number + 1 if now < self.fades_at else 1
        return replace(self, number=number, open_at=now + pace.wait(number), fades_at=now + pace.memory)


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody at the door of an account, and what is known of the tries before."""

    email: str = field(repr=False)
    address: str = field(repr=False)
    here: Tries = Tries()
    anywhere: Tries = Tries()
    address_failures: int = 0

    def trusted(self, now: datetime) -> bool:
        return now < self.here.trusted_until

    def knock(self, now: datetime) -> "Visit":
        """With this try counted. Raises TooManyAttempts.

        From an address that the account trusts nothing counts but its own tries: what others do elsewhere closes no door here.
        """
        here = self.here.next(HERE, now)
        if self.trusted(now):
            return replace(self, here=here)
        if self.address_failures >= ADDRESS_FAILURES:
            raise TooManyAttempts(window_of(now) + ADDRESS_WINDOW - now)
        return replace(self, here=here, anywhere=self.anywhere.next(ANYWHERE, now))


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from: the address that tries are counted for, and what the program calls itself."""

    address: str = field(repr=False)
    device: str

    @classmethod
    def of(cls, source_ip: str, user_agent: str) -> "Client":
        return cls(network_of(source_ip), " ".join(_UNPRINTABLE.sub(" ", user_agent).split())[:_DEVICE_LENGTH] or "unknown")


def window_of(now: datetime) -> datetime:
    """The start of the window that failures of an address are counted in."""
    seconds = ADDRESS_WINDOW.total_seconds()
    return datetime.fromtimestamp(now.timestamp() // seconds * seconds, UTC)


def network_of(source_ip: str) -> str:
    """The address that tries are counted for: of IPv6 the /64, which is what one subscriber has. What is no address is itself."""
    try:
        address = ip_address(source_ip)
    except ValueError:
        return source_ip
    return str(IPv6Address(int(address) >> 64 << 64)) if isinstance(address, IPv6Address) else str(address)
