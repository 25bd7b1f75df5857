"""Each conference's Stripe keys, in Secrets Manager. They are written by its organiser and go to nobody but Stripe."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from shared.clock import now
from shared.config import env

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_LIFE = timedelta(minutes=5)  # that a container keeps keys which have been replaced


@dataclass(frozen=True, slots=True)
class Keys:
    secret_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)


@cache
def _client() -> "SecretsManagerClient":
    import boto3

    return boto3.client("secretsmanager")


_kept: dict[str, tuple[datetime, Keys | None]] = {}


class ConferenceSecrets:
    def find(self, conference_id: str) -> Keys | None:
        kept = _kept.get(conference_id)
        if kept and now() - kept[0] < _LIFE:
            return kept[1]
        secrets = _client()
        try:
            text = secrets.get_secret_value(SecretId=_name(conference_id))["SecretString"]
        except secrets.exceptions.ResourceNotFoundException:
            return None
        keys = Keys(**json.loads(text))
        _kept[conference_id] = (now(), keys)
        return keys

    def keep(self, conference_id: str, keys: Keys) -> None:
        secrets, text = _client(), json.dumps(asdict(keys))
        try:
            secrets.put_secret_value(SecretId=_name(conference_id), SecretString=text)
        except secrets.exceptions.ResourceNotFoundException:
            secrets.create_secret(Name=_name(conference_id), SecretString=text, Description="Stripe keys of a conference")
        _kept.pop(conference_id, None)


def _name(conference_id: str) -> str:
    return f"{env('STRIPE_SECRETS')}{conference_id}"
