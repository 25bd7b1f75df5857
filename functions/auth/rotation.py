"""Another key signs: on a schedule, or when an operator says so (`make rotate-keys`). docs/decisions/0016 has the order."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.auth.keys import read_keys
from shared.clock import now
from shared.config import env
from shared.errors import JsonObject
from shared.telemetry import logger


def handler(_: JsonObject, __: LambdaContext) -> JsonObject:
    """Raises TooSoon, and Misconfigured where there are no keys yet."""
    import boto3

    secret_id, secrets = env("SIGNING_KEYS_SECRET"), boto3.client("secretsmanager")
    keys = read_keys(secrets, secret_id).rotated(now())
    secrets.put_secret_value(SecretId=secret_id, SecretString=keys.to_json())
    logger.info("signing key rotated", kid=keys.current, next=keys.next, published=len(keys.keys))
    return {"current": keys.current, "next": keys.next, "published": list(keys.keys)}
