"""The signing keys, made at deployment: the CloudFormation custom resource `Custom::SigningKeys`.

Keeps what the secret `SecretId` holds, or makes the first key pair where it holds none, and returns the public half as `Jwks`.
Safe to repeat. CloudFormation waits for an answer, so a failure is answered too, and the deployment rolls back.
"""

import json
import urllib.request
from typing import TYPE_CHECKING

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.auth.keyset import KeySet
from shared.clock import now
from shared.config import Misconfigured
from shared.errors import JsonObject
from shared.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_TIMEOUT = 5  # seconds to hand in the answer
_REASON = 500  # characters; CloudFormation takes answers of up to 4,096 bytes


def handler(event: JsonObject, _: LambdaContext) -> None:
    try:
        outcome: JsonObject = {"Status": "SUCCESS", "Data": _serve(event)}
    except Exception as failure:  # noqa: BLE001  # whatever it is, CloudFormation must hear of it
        logger.exception("no signing keys")
        outcome = {"Status": "FAILED", "Reason": f"{type(failure).__name__}: {failure}"[:_REASON]}
    _answer(event, outcome)


def _serve(event: JsonObject) -> dict[str, str]:
    if event["RequestType"] == "Delete":
        return {}  # the keys go with their secret
    import boto3

    keys = ensure(boto3.client("secretsmanager"), event["ResourceProperties"]["SecretId"])
    return {"Jwks": keys.jwks()}


def ensure(secrets: "SecretsManagerClient", secret_id: str) -> KeySet:
    """The keys of the secret, made where it has none. Raises ValueError, KeyError where it holds something else."""
    stored = KeySet.from_json(_read(secrets, secret_id))
    if stored is not None:
        return stored
    keys = KeySet.generate(now())
    secrets.put_secret_value(SecretId=secret_id, SecretString=keys.to_json())
    logger.info("signing key made", kid=keys.current)
    return keys


def read_keys(secrets: "SecretsManagerClient", secret_id: str) -> KeySet:
    """Raises Misconfigured."""
    keys = KeySet.from_json(_read(secrets, secret_id))
    if keys is None:
        raise Misconfigured("the secret SIGNING_KEYS_SECRET holds no keys: deploy Custom::SigningKeys (functions/auth/keys.py)")
    return keys


def _read(secrets: "SecretsManagerClient", secret_id: str) -> str:
    try:
        return secrets.get_secret_value(SecretId=secret_id)["SecretString"]
    except secrets.exceptions.ResourceNotFoundException:
        return "{}"  # there is no version yet; where there is no secret at all, writing to it fails


def _answer(event: JsonObject, outcome: JsonObject) -> None:
    answer = {
        **outcome,
        # Another id would make CloudFormation delete "the old" keys after an update.
        "PhysicalResourceId": event.get("PhysicalResourceId") or event["LogicalResourceId"],
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    request = urllib.request.Request(  # noqa: S310  # the address is CloudFormation's own
        event["ResponseURL"],
        data=json.dumps(answer).encode(),
        headers={"Content-Type": ""},  # the address is signed for none
        method="PUT",
    )
    urllib.request.urlopen(request, timeout=_TIMEOUT).close()  # noqa: S310  # as above
