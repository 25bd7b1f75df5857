"""Many people at once, each with an access token of their own.

Their tokens are signed here, with the running stack's key: registering a thousand would measure how long a thousand password
hashes take. They have no account, which nothing but `auth` looks at.
"""

import json
import time
from typing import Any
from uuid import uuid4

import httpx
import jwt

from localstack.client import Person
from localstack.deploy import STACK
from localstack.endpoint import Endpoint


def crowd(endpoint: Endpoint, someone: Person, size: int, http: httpx.Client) -> list[Person]:
    """`size` people who are logged in as `someone` is, for an hour."""
    keys = _signing_keys(endpoint)
    signer = keys["keys"][keys["current"]]["private"]
    claims = jwt.decode(someone.tokens["access_token"], options={"verify_signature": False})
    claims["exp"] = int(time.time()) + 3600
    run = uuid4().hex[:8]

    def person(number: int) -> Person:
        user_id, name, email = f"usr_{run}{number:06}", f"Buyer {number}", f"buyer-{run}-{number}@example.org"
        own = {**claims, "sub": user_id, "name": name, "email": email, "roles": {}, "jti": f"tok_{run}{number:06}"}
        token = jwt.encode(own, signer, algorithm="EdDSA", headers={"kid": keys["current"]})
        return Person(someone.api_url, http, name=name, email=email, user_id=user_id, tokens={"access_token": token})

    return [person(number) for number in range(size)]


def _signing_keys(endpoint: Endpoint) -> Any:
    stack = endpoint.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    (secret,) = (resource for resource in stack if resource["LogicalResourceId"] == "SigningKeysSecret")
    kept = endpoint.client("secretsmanager").get_secret_value(SecretId=secret["PhysicalResourceId"])
    return json.loads(kept["SecretString"])
