"""The keys that sign a conference's entry codes: rotated by its organisers, read by whoever verifies codes."""

import base64
from dataclasses import dataclass
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler import Depends, Response

from functions.tickets.codes import EntryCodes
from functions.tickets.edge import KeysDep, resource
from functions.tickets.key_ring import KeyRing
from functions.tickets.paths import ConferenceId
from functions.tickets.secret import entry_codes
from functions.tickets.use_cases_keys import rotate_key
from shared.clock import now
from shared.http import PUBLIC, CallerDep, CommandDep

EntryCodesDep = Annotated[EntryCodes, Depends(entry_codes)]

_KEYS = "/tickets/conferences/<conference_id>/keys"

router = resource()


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A JSON Web Key (RFC 8037); `kid` is the key id that a code names, in decimal."""

    kid: str
    x: str
    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    alg: Literal["EdDSA"] = "EdDSA"
    use: Literal["sig"] = "sig"


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """A key set (RFC 7517). `current` is the `kid` that signs now; codes of all of them are valid."""

    conference_id: str
    current: str
    keys: list[PublicKey]

    @classmethod
    def of(cls, ring: KeyRing, codes: EntryCodes) -> "PublicKeys":
        raw = {key_id: codes.public_key(ring.conference_id, key_id).public_bytes_raw() for key_id in ring.key_ids}
        keys = [PublicKey(str(key_id), base64.urlsafe_b64encode(key).decode().rstrip("=")) for key_id, key in raw.items()]
        return cls(ring.conference_id, str(ring.current), keys)


@router.get(_KEYS, summary="The public keys that verify a conference's entry codes", tags=["tickets"], security=PUBLIC)
def get_keys(conference_id: ConferenceId, keys: KeysDep, codes: EntryCodesDep) -> Response[PublicKeys]:
    ring = PublicKeys.of(keys.ring(conference_id), codes)
    return Response(200, "application/json", ring, {"Cache-Control": "public, max-age=60"})


@router.post(_KEYS, summary="Sign new entry codes with a new key; those of earlier keys stay valid", tags=["tickets"])
def post_keys(
    conference_id: ConferenceId, caller: CallerDep, command: CommandDep, keys: KeysDep, codes: EntryCodesDep
) -> PublicKeys:
    ring = rotate_key(keys, now, caller=caller, conference_id=conference_id, command_id=command.id("rot"))
    return PublicKeys.of(ring, codes)
