"""The items of the auth table.

| item       | pk                    | sk                  |                                                    |
|------------|-----------------------|---------------------|----------------------------------------------------|
| Credential | EMAIL#<email>         | CREDENTIAL          | what a log-in finds                                |
| User       | USER#<id>             | USER                |                                                    |
| Session    | USER#<id>             | SESSION#<id>        | expires                                            |
| Proof      | USER#<id>             | PROOF#<id>          | a mailed token's hash; expires                     |
| Consent    | USER#<id>             | CONSENT#<time>#<…>  |                                                    |
| Export     | USER#<id>             | EXPORT              | the latest one; expires                            |
| Tries      | DOOR#<hash of email>  | HERE#<hash of IP>   | log-ins of an account from one address; expires    |
|            | DOOR#<hash of email>  | ANYWHERE            | …from all addresses that it does not trust         |
|            | DOOR#<hash of email>  | MAIL                | mails with tokens; expires                         |
| Tries      | ADDRESS#<hash of IP>  | <start of a window> | failures of one address with all accounts; expires |

All that is a person's own is in one partition, so that one query exports it and finds what to erase.
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from pynamodb.attributes import BooleanAttribute, MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from functions.auth.domain import Credential, Session, User
from functions.auth.personal_data import EXPORT_LIFE, Consent, Export
from functions.auth.proofs import Proof, Purpose
from shared.clock import iso, parse
from shared.errors import JsonObject, Malformed
from shared.table import Item, failed_conditions, transact

M = TypeVar("M", bound=Item)

SESSION, PROOF, CONSENT = "SESSION#", "PROOF#", "CONSENT#"


def user_key(user_id: str) -> str:
    return f"USER#{user_id}"


def hashed(text: str) -> str:
    """For keys: addresses that are only counted are not kept in the clear."""
    return hashlib.sha256(text.encode()).hexdigest()


class UserItem(Item, discriminator="User"):
    v = NumberAttribute(default=1)
    user_id = UnicodeAttribute()
    email = UnicodeAttribute()
    email_verified = BooleanAttribute(default=False)
    name = UnicodeAttribute()
    # {conference_id: {"role", "revision"}}; a role lost stays as a null with its revision, so that no older message revives it
    memberships = MapAttribute[str, Any](default=dict)  # type: ignore[no-untyped-call]  # PynamoDB leaves it untyped
    created_at = UnicodeAttribute()
    generation = NumberAttribute(default=0)

    @staticmethod
    def key(user_id: str) -> tuple[str, str]:
        return user_key(user_id), "USER"

    @classmethod
    def at(cls, user_id: str) -> "UserItem":
        return cls(*cls.key(user_id))

    @classmethod
    def of(cls, user: User) -> "UserItem":
        item = cls.at(user.user_id)
        item.user_id, item.email, item.name = user.user_id, user.email, user.name
        item.email_verified, item.generation, item.created_at = user.email_verified, user.generation, iso(user.created_at)
        return item

    def user(self) -> User:
        memberships = self.memberships.as_dict()  # type: ignore[no-untyped-call]  # as above
        roles = {conference_id: member["role"] for conference_id, member in memberships.items() if member["role"]}
        return User(self.user_id, self.email, self.name, roles, parse(self.created_at), self.email_verified, int(self.generation))


class CredentialItem(Item, discriminator="Credential"):
    v = NumberAttribute(default=1)
    email = UnicodeAttribute()
    user_id = UnicodeAttribute()
    password_hash = UnicodeAttribute()
    registration_id = UnicodeAttribute()
    registered_name = UnicodeAttribute()

    @classmethod
    def at(cls, email: str) -> "CredentialItem":
        return cls(f"EMAIL#{email}", "CREDENTIAL")

    @classmethod
    def of(cls, credential: Credential) -> "CredentialItem":
        item = cls.at(credential.email)
        item.email, item.user_id, item.password_hash = credential.email, credential.user_id, credential.password_hash
        item.registration_id, item.registered_name = credential.registration_id, credential.registered_name
        return item

    def credential(self) -> Credential:
        return Credential(self.email, self.user_id, self.password_hash, self.registration_id, self.registered_name)


class SessionItem(Item, discriminator="UserSession"):
    v = NumberAttribute(default=1)
    session_id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    token_digest = UnicodeAttribute()
    device = UnicodeAttribute()
    created_at = UnicodeAttribute()
    used_at = UnicodeAttribute()
    generation = NumberAttribute()
    revoked = BooleanAttribute(default=False)

    @classmethod
    def at(cls, user_id: str, session_id: str) -> "SessionItem":
        return cls(user_key(user_id), SESSION + session_id)

    @classmethod
    def of(cls, session: Session) -> "SessionItem":
        item = cls.at(session.user_id, session.session_id)
        item.session_id, item.user_id, item.token_digest = session.session_id, session.user_id, session.token_digest
        item.device, item.created_at, item.used_at = session.device, iso(session.created_at), iso(session.used_at)
        item.generation, item.revoked, item.ttl = session.generation, session.revoked, int(session.expires_at.timestamp())
        return item

    def session(self) -> Session:
        return Session(
            session_id=self.session_id,
            user_id=self.user_id,
            token_digest=self.token_digest,
            device=self.device,
            created_at=parse(self.created_at),
            used_at=parse(self.used_at),
            expires_at=datetime.fromtimestamp(self.ttl or 0, UTC),
            generation=int(self.generation),
            revoked=self.revoked,
        )


class ProofItem(Item, discriminator="Proof"):
    v = NumberAttribute(default=1)
    proof_id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    purpose = UnicodeAttribute()
    email = UnicodeAttribute()
    digest = UnicodeAttribute()

    @classmethod
    def at(cls, proof: Proof) -> "ProofItem":
        return cls(user_key(proof.user_id), PROOF + proof.proof_id)

    @classmethod
    def of(cls, proof: Proof) -> "ProofItem":
        item = cls.at(proof)
        item.proof_id, item.user_id, item.purpose = proof.proof_id, proof.user_id, proof.purpose
        item.email, item.digest, item.ttl = proof.email, proof.digest, int(proof.expires_at.timestamp())
        return item

    def proof(self) -> Proof:
        purpose: Purpose = self.purpose  # type: ignore[assignment]  # a str that only `of` wrote
        expires_at = datetime.fromtimestamp(self.ttl or 0, UTC)
        return Proof(self.proof_id, self.user_id, purpose, self.email, self.digest, expires_at)


class ConsentItem(Item, discriminator="Consent"):
    v = NumberAttribute(default=1)
    purpose = UnicodeAttribute()
    text_version = UnicodeAttribute()
    given = BooleanAttribute()
    at = UnicodeAttribute()

    @classmethod
    def of(cls, user_id: str, consent: Consent) -> "ConsentItem":
        item = cls(user_key(user_id), f"{CONSENT}{iso(consent.at)}#{consent.purpose}")
        item.purpose, item.text_version, item.given, item.at = consent.purpose, consent.text_version, consent.given, iso(consent.at)
        return item

    def consent(self) -> Consent:
        return Consent(self.purpose, self.text_version, self.given, parse(self.at))


class ExportItem(Item, discriminator="Export"):
    v = NumberAttribute(default=1)
    export_id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    requested_at = UnicodeAttribute()

    @classmethod
    def at(cls, user_id: str) -> "ExportItem":
        return cls(user_key(user_id), "EXPORT")

    @classmethod
    def of(cls, export: Export) -> "ExportItem":
        item = cls.at(export.user_id)
        item.export_id, item.user_id, item.requested_at = export.export_id, export.user_id, iso(export.requested_at)
        item.ttl = int((export.requested_at + 2 * EXPORT_LIFE).timestamp())
        return item

    def export(self) -> Export:
        return Export(self.export_id, self.user_id, parse(self.requested_at))


class TriesItem(Item, discriminator="Tries"):
    v = NumberAttribute(default=1)
    number = NumberAttribute(default=0)
    open_at = UnicodeAttribute(null=True)
    fades_at = UnicodeAttribute(null=True)
    trusted_until = UnicodeAttribute(null=True)

    @classmethod
    def here(cls, email: str, address: str) -> "TriesItem":
        return cls(f"DOOR#{hashed(email)}", f"HERE#{hashed(address)}")

    @classmethod
    def anywhere(cls, email: str) -> "TriesItem":
        return cls(f"DOOR#{hashed(email)}", "ANYWHERE")

    @classmethod
    def mail(cls, email: str) -> "TriesItem":
        return cls(f"DOOR#{hashed(email)}", "MAIL")

    @classmethod
    def address(cls, address: str, window: datetime) -> "TriesItem":
        return cls(f"ADDRESS#{hashed(address)}", iso(window))


def find(item: M) -> M | None:
    """As it is stored, read consistently: who registers logs in at once, and a replaced token must not pass for the latest."""
    try:
        item.refresh(consistent_read=True)
    except item.DoesNotExist:
        return None
    return item


def update(item: Item, actions: list[Action], condition: Condition) -> bool:
    """Whether the condition held; `item` then is as it was stored."""
    try:
        item.update(actions, condition)
    except UpdateError as failure:
        if failure.cause_response_code != "ConditionalCheckFailedException":
            raise
        return False
    return True


def holds(compose: Callable[[TransactWrite], None]) -> bool:
    """Whether all conditions held; nothing was written otherwise."""
    try:
        transact(compose)
    except TransactWriteError as failure:
        if not failed_conditions(failure):
            raise
        return False
    return True


def in_list(key: JsonObject | None, prefix: str) -> JsonObject | None:
    """A cursor that lies where the query reads: DynamoDB refuses any other. Raises Malformed."""
    if key and not key["sk"]["S"].startswith(prefix):
        raise Malformed("The cursor is not one that this list gave. Start again without it.")
    return key
