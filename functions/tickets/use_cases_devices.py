"""How scanners come to a conference, and how they go."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from functions.tickets.devices import MOST_DEVICES, Device, DeviceKey, DeviceRefused, NoSuchDevice, PairingRefused, TooManyDevices
from functions.tickets.domain import Stale
from functions.tickets.use_cases import again
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import KeyReused


class Devices(Protocol):
    def get(self, device_id: str) -> Device | None: ...

    def of_conference(self, conference_id: str) -> Sequence[Device]:
        """By when they were made; eventually consistent."""

    def save(self, before: Device | None, after: Device) -> None:
        """Raises Stale where the device is no longer as `before`."""


def add_device(devices: Devices, clock: Clock, *, caller: Caller, device: Device) -> tuple[Device, DeviceKey]:
    """The device and its one-time key. Once only by its id: a repeat gives a fresh key for the same device.

    Raises Forbidden, KeyReused, TooManyDevices, DeviceRevoked, Stale.
    """
    caller.require(device.conference_id, "organizer")
    in_use = [each for each in devices.of_conference(device.conference_id) if each.revoked_at is None]
    if len(in_use) >= MOST_DEVICES:
        raise TooManyDevices
    made = devices.get(device.id)
    if made and made.fingerprint != device.fingerprint:
        raise KeyReused
    offered, key = (made or device).offer(clock())
    devices.save(made, offered)
    return offered, key


def offer_pairing(devices: Devices, clock: Clock, *, caller: Caller, device_id: str) -> tuple[Device, DeviceKey]:
    """A new one-time key; the credential the device has works until another scanner (or it) takes the key.

    Raises NoSuchDevice, DeviceRevoked, Stale.
    """
    device = organised_device(devices, caller, device_id)
    offered, key = device.offer(clock())
    devices.save(device, offered)
    return offered, key


def pair_device(devices: Devices, clock: Clock, *, code: str) -> tuple[Device, DeviceKey]:
    """Once for each key: of two scanners that scan it at once, one is paired. Raises PairingRefused."""
    offered = DeviceKey.parse_pairing(code)
    device = devices.get(offered.device_id)
    if device is None:
        raise PairingRefused
    paired, key = device.pair(offered, clock())
    try:
        devices.save(device, paired)
    except Stale:
        raise PairingRefused from None
    return paired, key


def revoke_device(devices: Devices, clock: Clock, *, caller: Caller, device_id: str) -> Device:
    """In force with the next request of the device; again has no effect. Raises NoSuchDevice, Stale."""

    def revoke() -> Device:
        device = organised_device(devices, caller, device_id)
        if device.revoked_at:
            return device
        revoked = replace(device, revoked_at=clock(), secret_digest=None, pairing_digest=None, pairing_ends_at=None)
        devices.save(device, revoked)
        return revoked

    return again(revoke)


def list_devices(devices: Devices, *, caller: Caller, conference_id: str) -> Sequence[Device]:
    """Raises Forbidden."""
    caller.require(conference_id, "organizer")
    return devices.of_conference(conference_id)


def proved_device(devices: Devices, key: DeviceKey) -> Device:
    """Raises DeviceRefused."""
    device = devices.get(key.device_id)
    if device is None:
        raise DeviceRefused
    device.prove(key)
    return device


def organised_device(devices: Devices, caller: Caller, device_id: str) -> Device:
    """Raises NoSuchDevice, also for a device of somebody else's conference."""
    device = devices.get(device_id)
    if device is None or not caller.is_any(device.conference_id, "organizer"):
        raise NoSuchDevice(device_id)
    return device
