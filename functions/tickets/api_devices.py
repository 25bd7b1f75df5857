"""Scanners: pairing, listing, revoking."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler import Depends
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import Field

from functions.tickets.devices import Device, DeviceKey
from functions.tickets.dynamo_devices import DynamoDevices
from functions.tickets.edge import resource
from functions.tickets.use_cases_devices import Devices, add_device, list_devices, offer_pairing, pair_device, revoke_device
from shared import qr
from shared.clock import now
from shared.fields import ONE_LINE
from shared.http import PUBLIC, Body, CallerDep, CommandDep, Page

DevicesDep = Annotated[Devices, Depends(DynamoDevices)]
DeviceId = Annotated[str, Path(max_length=64, examples=["dev_01JD0000000000000000000000"])]
Conference = Annotated[str, Query(max_length=64, pattern=r"^[A-Za-z0-9_]+$")]

router = resource()


@dataclass(frozen=True, slots=True)
class DeviceView:
    """`last_seen_at` is written once a minute at most."""

    id: str
    conference_id: str
    name: str
    gate_ids: tuple[str, ...]
    may_force: bool
    created_at: datetime
    paired_at: datetime | None
    last_seen_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, device: Device) -> "DeviceView":
        return cls(
            id=device.id,
            conference_id=device.conference_id,
            name=device.name,
            gate_ids=device.gate_ids,
            may_force=device.may_force,
            created_at=device.created_at,
            paired_at=device.paired_at,
            last_seen_at=device.last_seen_at,
            revoked_at=device.revoked_at,
        )


@dataclass(frozen=True, slots=True)
class Pairing:
    """A device and the one-time code that pairs it, as text and as a picture to hold the scanner to."""

    device: DeviceView
    code: str
    qrcode_svg: str
    expires_at: datetime | None

    @classmethod
    def of(cls, device: Device, key: DeviceKey) -> "Pairing":
        code = key.pairing_code
        return cls(DeviceView.of(device), code, qr.svg(code).decode(), device.pairing_ends_at)


@dataclass(frozen=True, slots=True)
class Paired:
    """`credential` is told this once; the scanner sends it as `Authorization: Device <credential>`."""

    device: DeviceView
    credential: str


class AddDevice(Body):
    conference_id: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_]+$")]
    name: Annotated[
        str, Field(min_length=1, max_length=50, pattern=ONE_LINE, description="What the crew calls it, no person's name")
    ]
    gate_ids: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=64)]],
        Field(max_length=50, description="Gates it keeps; none: every gate"),
    ] = []  # noqa: RUF012  # pydantic copies it
    may_force: Annotated[bool, Field(description="Whether it may let in against the rules")] = False


class PairDevice(Body):
    code: Annotated[str, Field(min_length=1, max_length=200, description="What the pairing QR code says")]


@router.post("/tickets/devices", status_code=201, summary="Add a scanner, and show the code that pairs it", tags=["door"])
def post_device(body: AddDevice, caller: CallerDep, command: CommandDep, devices: DevicesDep) -> Pairing:
    """The code works once, for ten minutes. A repeat with the same Idempotency-Key shows a fresh code for the same scanner."""
    device = Device(
        id=command.id("dev"),
        conference_id=body.conference_id,
        name=body.name,
        gate_ids=tuple(body.gate_ids),
        may_force=body.may_force,
        created_at=now(),
        created_by=caller.user_id,
        fingerprint=command.fingerprint,
    )
    return Pairing.of(*add_device(devices, now, caller=caller, device=device))


@router.get("/tickets/devices", summary="List the scanners of a conference", tags=["door"])
def get_devices(conference_id: Conference, caller: CallerDep, devices: DevicesDep) -> Page[DeviceView]:
    """All of them, oldest first: a conference has 200 at most."""
    return Page([DeviceView.of(each) for each in list_devices(devices, caller=caller, conference_id=conference_id)], None)


@router.post(
    "/tickets/devices/<device_id>/pairing", status_code=201, summary="Roll a scanner's credential by a new code", tags=["door"]
)
def post_pairing(device_id: DeviceId, caller: CallerDep, devices: DevicesDep) -> Pairing:
    """What the scanner has works until the code is taken: the door does not stop."""
    return Pairing.of(*offer_pairing(devices, now, caller=caller, device_id=device_id))


@router.post(
    "/tickets/devices/pair", status_code=201, summary="Become the scanner that a code is for", tags=["door"], security=PUBLIC
)
def post_pair(body: PairDevice, devices: DevicesDep) -> Paired:
    device, key = pair_device(devices, now, code=body.code)
    return Paired(DeviceView.of(device), key.text)


@router.delete("/tickets/devices/<device_id>", summary="Revoke a scanner, in force at once", tags=["door"])
def delete_device(device_id: DeviceId, caller: CallerDep, devices: DevicesDep) -> DeviceView:
    """It stays on the list, for the record. May be repeated."""
    return DeviceView.of(revoke_device(devices, now, caller=caller, device_id=device_id))
