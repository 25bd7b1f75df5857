"""The accounts and sessions in DynamoDB.

| item       | pk             | sk         |
|------------|----------------|------------|
| Credential | EMAIL#<email>  | CREDENTIAL |
| User       | USER#<id>      | USER       |
| Session    | SESSION#<id>   | SESSION    |

Reads are consistent: who registers logs in at once, and a replaced refresh token must not pass for the latest.
"""

from datetime import UTC, datetime
from typing import Any, TypeVar

from pynamodb.attributes import BooleanAttribute, MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from functions.auth.domain import Credential, Membership, Session, User
from shared.clock import iso, parse
from shared.errors import Busy
from shared.messages import UserRegistered
from shared.table import Item, Outbox, failed_conditions, transact

M = TypeVar("M", bound=Item)


class UserItem(Item, discriminator="User"):
    v = NumberAttribute(default=1)
    user_id = UnicodeAttribute()
    email = UnicodeAttribute()
    name = UnicodeAttribute()
    # {conference_id: {"role", "revision"}}; a role lost stays as a null with its revision, so that no older message revives it
    memberships = MapAttribute[str, Any](default=dict)  # type: ignore[no-untyped-call]  # PynamoDB leaves it untyped
    created_at = UnicodeAttribute()

    @classmethod
    def at(cls, user_id: str) -> "UserItem":
        return cls(f"USER#{user_id}", "USER")

    @classmethod
    def of(cls, user: User) -> "UserItem":
        item = cls.at(user.user_id)
        item.user_id, item.email, item.name = user.user_id, user.email, user.name
        item.created_at = iso(user.created_at)
        return item

    def user(self) -> User:
        memberships = self.memberships.as_dict()  # type: ignore[no-untyped-call]  # as above
        roles = {conference_id: member["role"] for conference_id, member in memberships.items() if member["role"]}
        return User(self.user_id, self.email, self.name, roles, parse(self.created_at))


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
    revoked = BooleanAttribute(default=False)

    @classmethod
    def at(cls, session_id: str) -> "SessionItem":
        return cls(f"SESSION#{session_id}", "SESSION")

    @classmethod
    def of(cls, session: Session) -> "SessionItem":
        item = cls.at(session.session_id)
        item.session_id, item.user_id, item.token_digest = session.session_id, session.user_id, session.token_digest
        item.revoked, item.ttl = session.revoked, int(session.expires_at.timestamp())
        return item

    def session(self) -> Session:
        expires_at = datetime.fromtimestamp(self.ttl or 0, UTC)
        return Session(self.session_id, self.user_id, self.token_digest, expires_at, self.revoked)


class DynamoAccounts:
    def register(self, user: User, credential: Credential, message: UserRegistered) -> Credential | None:
        def compose(transaction: TransactWrite) -> None:
            transaction.save(CredentialItem.of(credential), condition=CredentialItem.pk.does_not_exist())
            transaction.save(UserItem.of(user))
            transaction.save(Outbox.of(message))

        try:
            transact(compose)
        except TransactWriteError as failure:
            if failed_conditions(failure) != [0]:
                raise
            return self._holder(credential.email)
        return None

    def _holder(self, email: str) -> Credential:
        holder = self.credential(email)
        if holder is None:
            raise Busy("The account with this e-mail is being erased. Send the request again.")
        return holder

    def credential(self, email: str) -> Credential | None:
        item = _find(CredentialItem.at(email))
        return item.credential() if item else None

    def replace_hash(self, credential: Credential, password_hash: str) -> None:
        _update(
            CredentialItem.at(credential.email),
            [CredentialItem.password_hash.set(password_hash)],
            CredentialItem.password_hash == credential.password_hash,
        )

    def user(self, user_id: str) -> User | None:
        item = _find(UserItem.at(user_id))
        return item.user() if item else None

    def rename(self, user_id: str, name: str) -> User | None:
        item = UserItem.at(user_id)
        return item.user() if _update(item, [UserItem.name.set(name)], UserItem.pk.exists()) else None

    def record(self, user_id: str, membership: Membership) -> bool:
        here = Path(["memberships", membership.conference_id])
        return _update(
            UserItem.at(user_id),
            [here.set({"role": membership.role, "revision": membership.revision})],
            UserItem.pk.exists() & (here.does_not_exist() | (here["revision"] < membership.revision)),
        )


class DynamoSessions:
    def start(self, session: Session) -> None:
        SessionItem.of(session).save()

    def find(self, session_id: str) -> Session | None:
        item = _find(SessionItem.at(session_id))
        return item.session() if item else None

    def rotate(self, old: Session, new: Session) -> bool:
        renewed = SessionItem.of(new)
        return _update(
            renewed,
            [SessionItem.token_digest.set(renewed.token_digest), SessionItem.ttl.set(renewed.ttl)],
            (SessionItem.token_digest == old.token_digest) & (SessionItem.revoked == old.revoked),
        )

    def revoke(self, session_id: str, user_id: str) -> None:
        _update(SessionItem.at(session_id), [SessionItem.revoked.set(True)], SessionItem.user_id == user_id)


def _find(item: M) -> M | None:
    try:
        item.refresh(consistent_read=True)
    except item.DoesNotExist:
        return None
    return item


def _update(item: Item, actions: list[Action], condition: Condition) -> bool:
    """Whether the condition held; `item` then is as it was stored."""
    try:
        item.update(actions, condition)
    except UpdateError as failure:
        if failure.cause_response_code != "ConditionalCheckFailedException":
            raise
        return False
    return True
