"""What the routes of accounts share: kinds of values, what they depend on, and how they answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler import Depends, Request, Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON
from pydantic import AfterValidator, Field, StringConstraints

from functions.auth.domain import Grant, User, normal_email
from functions.auth.dynamo import DynamoAccounts
from functions.auth.dynamo_doors import DynamoDoors
from functions.auth.dynamo_sessions import DynamoSessions
from functions.auth.throttle import Client
from functions.auth.use_cases import Accounts, Doors, Sessions
from shared.caller import Role

# RFC 5321 allows an address 254 characters.
Email = Annotated[str, Field(max_length=254, json_schema_extra={"format": "email"}), AfterValidator(normal_email)]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$", description="No control characters")]
# Blanks at the ends belong to a password. The upper limit bounds the work of hashing; a log-in takes what registering would refuse.
NewPassword = Annotated[str, StringConstraints(min_length=10, max_length=128, strip_whitespace=False)]
Password = Annotated[str, StringConstraints(min_length=1, max_length=128, strip_whitespace=False)]
RefreshToken = Annotated[str, Field(min_length=1, max_length=200)]
MailedToken = Annotated[str, Field(min_length=1, max_length=200, description="As the e-mail has it")]

AccountsDep = Annotated[Accounts, Depends(DynamoAccounts)]
SessionsDep = Annotated[Sessions, Depends(DynamoSessions)]
DoorsDep = Annotated[Doors, Depends(DynamoDoors)]


def _client(request: Request) -> Client:
    """By the connection that API Gateway saw: a header such as X-Forwarded-For can say anything."""
    identity = request.resolved_event.raw_event["requestContext"].get("identity") or {}
    return Client.of(identity.get("sourceIp") or "", identity.get("userAgent") or request.headers.get("user-agent", ""))


ClientDep = Annotated[Client, Depends(_client)]


@dataclass(frozen=True, slots=True)
class Profile:
    user_id: str
    email: str
    email_verified: bool
    name: str
    roles: Mapping[str, Role]
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> "Profile":
        return cls(user.user_id, user.email, user.email_verified, user.name, user.roles, user.created_at)


def resource() -> Router:
    """The routes of one resource, for `api.py` to include."""
    return Router()  # type: ignore[no-untyped-call]  # Powertools leaves its __init__ untyped


def granted(grant: Grant) -> Response[Grant]:
    return Response(200, APPLICATION_JSON, grant, headers={"Cache-Control": "no-store"})  # RFC 6749, 5.1: no cache keeps a token
