"""The rotations of conferences' keys, in the context's table. The keys themselves are derived (docs/codes.md).

| item | pk | sk |
|---|---|---|
| KeyRotation | KEYS#conference | KEY#key id |
"""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.exceptions import PutError

from functions.tickets.domain import Stale
from functions.tickets.key_ring import FIRST_KEY, KeyRing, Rotation, ring_of
from shared.table import Item


class RotationItem(Item, discriminator="KeyRotation"):
    v = NumberAttribute(default=1)
    key_id = NumberAttribute()
    rotated_at = UTCDateTimeAttribute()
    rotated_by = UnicodeAttribute()
    command_id = UnicodeAttribute()

    @classmethod
    def of(cls, conference_id: str, rotation: Rotation) -> "RotationItem":
        return cls(
            f"KEYS#{conference_id}",
            f"KEY#{rotation.key_id:03}",
            key_id=rotation.key_id,
            rotated_at=rotation.rotated_at,
            rotated_by=rotation.rotated_by,
            command_id=rotation.command_id,
        )

    def domain(self) -> Rotation:
        return Rotation(int(self.key_id), self.rotated_at, self.rotated_by, self.command_id)


class DynamoKeys:
    """Implements `use_cases_keys.Keys` and `use_cases.CurrentKey`."""

    def ring(self, conference_id: str) -> KeyRing:
        empty = ring_of(conference_id)
        items = RotationItem.query(f"KEYS#{conference_id}", consistent_read=True)
        return KeyRing(empty.conference_id, tuple(item.domain() for item in items))

    def add(self, ring: KeyRing) -> None:
        try:
            RotationItem.of(ring.conference_id, ring.rotations[-1]).save(condition=Item.pk.does_not_exist())
        except PutError as failure:
            if failure.cause_response_code == "ConditionalCheckFailedException":
                raise Stale from failure
            raise

    def current(self, conference_id: str) -> int:
        latest = RotationItem.query(f"KEYS#{conference_id}", consistent_read=True, scan_index_forward=False, limit=1)
        return next((int(item.key_id) for item in latest), FIRST_KEY)
