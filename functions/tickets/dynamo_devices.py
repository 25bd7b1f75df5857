"""Scanners, in the context's table (`items_door.py` has their keys)."""

from collections.abc import Sequence
from datetime import datetime

from pynamodb.exceptions import PutError, UpdateError
from pynamodb.expressions.condition import Condition

from functions.tickets.devices import SEEN_EVERY, Device
from functions.tickets.domain import Stale
from functions.tickets.items_door import DeviceItem
from shared.clock import iso
from shared.table import Item


class DynamoDevices:
    """Implements `use_cases_devices.Devices`."""

    def get(self, device_id: str) -> Device | None:
        try:
            return DeviceItem.get(*DeviceItem.key(device_id), consistent_read=True).domain()
        except DeviceItem.DoesNotExist:
            return None

    def of_conference(self, conference_id: str) -> Sequence[Device]:
        rows = DeviceItem.gsi1.query(DeviceItem.partition(conference_id))
        return [row.domain() for row in rows if isinstance(row, DeviceItem)]

    def save(self, before: Device | None, after: Device) -> None:
        item = DeviceItem.of(after)
        try:
            item.save(condition=_unchanged(before) if before else Item.pk.does_not_exist())
        except PutError as failure:
            if failure.cause_response_code != "ConditionalCheckFailedException":
                raise
            raise Stale from failure

    def seen(self, device_id: str, at: datetime) -> None:
        """That it was there, written once a minute at most."""
        long_ago = DeviceItem.last_seen_at.does_not_exist() | (DeviceItem.last_seen_at < iso(at - SEEN_EVERY))
        try:
            DeviceItem(*DeviceItem.key(device_id)).update(
                actions=[DeviceItem.last_seen_at.set(iso(at))], condition=Item.pk.exists() & long_ago
            )
        except UpdateError as failure:
            if failure.cause_response_code != "ConditionalCheckFailedException":
                raise


def _unchanged(before: Device) -> Condition:
    """What decides about a device; when it was last seen does not."""
    condition: Condition = DeviceItem.pk.exists()
    for attribute, value in (
        (DeviceItem.secret_digest, before.secret_digest),
        (DeviceItem.pairing_digest, before.pairing_digest),
        (DeviceItem.revoked_at, iso(before.revoked_at) if before.revoked_at else None),
    ):
        condition &= attribute == value if value else attribute.does_not_exist()
    return condition
