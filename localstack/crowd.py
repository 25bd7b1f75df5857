"""Many people at once, each with an access token of their own.

Their tokens are signed here, with the running stack's key: registering a thousand would measure how long a thousand password
hashes take. They have no account, which nothing but `auth` looks at.
"""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import httpx
import jwt

from localstack.client import Person
from localstack.deploy import STACK
from localstack.endpoint import Endpoint


def crowd(endpoint: Endpoint, someone: Person, size: int, http: httpx.Client) -> list[Person]:
    """`size` people who are logged in as `someone` is, for an hour."""
    run = uuid4().hex[:8]
    people = [
        Person(
            someone.api_url,
            http,
            name=f"Buyer {number}",
            email=f"buyer-{run}-{number}@example.org",
            user_id=f"usr_{run}{number:06}",
            tokens=someone.tokens,
        )
        for number in range(size)
    ]
    stay_logged_in(endpoint, people, {})
    return people


def stay_logged_in(endpoint: Endpoint, people: Sequence[Person], roles: Mapping[str, str]) -> None:
    """For an hour, each with `roles` by conference: whoever was logged in, as themselves or as somebody else."""
    keys = _signing_keys(endpoint)
    signer = keys["keys"][keys["current"]]["private"]
    for person in people:
        claims = jwt.decode(person.tokens["access_token"], options={"verify_signature": False})
        own = {"sub": person.user_id, "name": person.name, "email": person.email, "roles": roles, "jti": f"tok_{uuid4().hex}"}
        claims |= own | {"exp": int(time.time()) + 3600}
        person.tokens = {"access_token": jwt.encode(claims, signer, algorithm="EdDSA", headers={"kid": keys["current"]})}


def _signing_keys(endpoint: Endpoint) -> Any:
    stack = endpoint.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    (secret,) = (resource for resource in stack if resource["LogicalResourceId"] == "SigningKeysSecret")
    kept = endpoint.client("secretsmanager").get_secret_value(SecretId=secret["PhysicalResourceId"])
    return json.loads(kept["SecretString"])
