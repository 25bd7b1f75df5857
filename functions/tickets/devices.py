"""Scanners: how one is paired, what it shows of itself, and what it may do.

A device belongs to one conference, perhaps to some of its gates. Its credential is `<device>.<conference>.<secret>`, the ids
without their prefixes: it says where to look it up, and the secret, of which only a digest is kept, proves it.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from shared.errors import Conflict, Invalid, NotFound, Problem

PAIRING_LIFE = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=1)  # how often `last_seen_at` is written at most
MOST_DEVICES = 200
_SECRET_BYTES = 20  # 160 random bits: 32 characters of base 32
PAIRING_PREFIX = "KETEMU:D1:"  # QR alphanumeric, like all of the code
_KEY = re.compile(r"([0-9A-HJKMNP-TV-Z]{26})\.([0-9A-HJKMNP-TV-Z]{26})\.([A-Z2-7]{32})")


class DeviceRefused(Problem):
    status, slug, title = 401, "device-refused", "This scanner is not known here"

    def __init__(self) -> None:
        super().__init__(
            "The device credential is not valid: damaged, replaced or revoked. Pair the scanner again "
            "(an organiser makes a code: POST /tickets/devices/{device_id}/pairing)."
        )


class PairingRefused(Problem):
    status, slug, title = 403, "pairing-refused", "This pairing code is not good any more"

    def __init__(self) -> None:
        super().__init__(
            "A pairing code works once and for ten minutes. "
            "Ask an organiser for a new one (POST /tickets/devices/{device_id}/pairing)."
        )


class NoSuchDevice(NotFound):
    def __init__(self, device_id: str) -> None:
        super().__init__(f"There is no device {device_id} in a conference that you organise.")


class DeviceRevoked(Conflict):
    slug, title = "device-revoked", "The device is revoked for good"

    def __init__(self) -> None:
        super().__init__(
            "A revoked device stays on the list for the record and is not paired again. Make a new one: POST /tickets/devices."
        )


class TooManyDevices(Invalid):
    slug, title = "limit-reached", "No more of these"

    def __init__(self) -> None:
        super().__init__(
            f"A conference has {MOST_DEVICES} devices at most, revoked ones not counted. Revoke those that are not used."
        )


class TooManyRequests(Problem):
    status, slug, title = 429, "too-many-requests", "Slower, please"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"That was more than is allowed in a while. Wait {seconds} s; scans that wait go well in one batch.")
        self.seconds = seconds

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.seconds)}


def digest(secret: str) -> str:
    """What is kept of a secret. It has 160 random bits, so that a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """What a scanner shows of itself; believed once `Device.prove` has seen it."""

    device_id: str
    conference_id: str
    secret: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises DeviceRefused."""
        found = _KEY.fullmatch(text)
        if not found:
            raise DeviceRefused
        return cls(f"dev_{found[1]}", f"cnf_{found[2]}", found[3])

    @classmethod
    def parse_pairing(cls, code: str) -> Self:
        """Raises PairingRefused."""
        try:
            return cls.parse(code.removeprefix(PAIRING_PREFIX))
        except DeviceRefused:
            raise PairingRefused from None

    @property
    def text(self) -> str:
        return f"{self.device_id.removeprefix('dev_')}.{self.conference_id.removeprefix('cnf_')}.{self.secret}"

    @property
    def pairing_code(self) -> str:
        return f"{PAIRING_PREFIX}{self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    id: str
    conference_id: str
    name: str
    gate_ids: tuple[str, ...] = ()  # none: every gate of its conference
    may_force: bool = False
    created_at: datetime
    created_by: str
    fingerprint: str = ""  # of the command that made it
    paired_at: datetime | None = None
    last_seen_at: datetime | None = None
    revoked_at: datetime | None = None
    secret_digest: str | None = None
    pairing_digest: str | None = None
    pairing_ends_at: datetime | None = None

    def offer(self, at: datetime) -> tuple[Self, DeviceKey]:
        """With a one-time key to pair by, which replaces one that was offered before. Raises DeviceRevoked."""
        if self.revoked_at:
            raise DeviceRevoked
        key = DeviceKey(self.id, self.conference_id, new_secret())
        return replace(self, pairing_digest=digest(key.secret), pairing_ends_at=at + PAIRING_LIFE), key

    def pair(self, offered: DeviceKey, at: datetime) -> tuple[Self, DeviceKey]:
        """With a credential of its own; the one it had before is dead. Raises PairingRefused."""
        if self.revoked_at or self.pairing_ends_at is None or at >= self.pairing_ends_at:
            raise PairingRefused
        if not _is(self.pairing_digest, offered, self):
            raise PairingRefused
        key = DeviceKey(self.id, self.conference_id, new_secret())
        paired = replace(
            self, secret_digest=digest(key.secret), paired_at=at, last_seen_at=at, pairing_digest=None, pairing_ends_at=None
        )
        return paired, key

    def prove(self, key: DeviceKey) -> None:
        """Raises DeviceRefused unless the key is this device's and in force."""
        if self.revoked_at or not _is(self.secret_digest, key, self):
            raise DeviceRefused

    def keeps(self, gate_id: str | None) -> bool:
        return not self.gate_ids or gate_id in self.gate_ids


def _is(kept: str | None, key: DeviceKey, device: Device) -> bool:
    return kept is not None and hmac.compare_digest(kept, digest(key.secret)) and key.conference_id == device.conference_id
