"""Accounts in DynamoDB (`items.py` says where)."""

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from functions.auth.domain import Credential, Membership, User
from functions.auth.items import CredentialItem, ProofItem, UserItem, find, update
from functions.auth.proofs import Proof
from shared.errors import Busy
from shared.messages import EmailVerificationRequested, UserRegistered
from shared.table import Outbox, failed_conditions, transact


class DynamoAccounts:
    def register(
        self, user: User, credential: Credential, proof: Proof, messages: tuple[UserRegistered, EmailVerificationRequested]
    ) -> Credential | None:
        def compose(transaction: TransactWrite) -> None:
            transaction.save(CredentialItem.of(credential), condition=CredentialItem.pk.does_not_exist())
            transaction.save(UserItem.of(user))
            transaction.save(ProofItem.of(proof))
            for message in messages:
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
        item = find(CredentialItem.at(email))
        return item.credential() if item else None

    def replace_hash(self, credential: Credential, password_hash: str) -> None:
        update(
            CredentialItem.at(credential.email),
            [CredentialItem.password_hash.set(password_hash)],
            CredentialItem.password_hash == credential.password_hash,
        )

    def user(self, user_id: str) -> User | None:
        item = find(UserItem.at(user_id))
        return item.user() if item else None

    def rename(self, user_id: str, name: str) -> User | None:
        item = UserItem.at(user_id)
        return item.user() if update(item, [UserItem.name.set(name)], UserItem.pk.exists()) else None

    def record(self, user_id: str, membership: Membership) -> bool:
        here = Path(["memberships", membership.conference_id])
        actions: list[Action] = [here.set({"role": membership.role, "revision": membership.revision})]
        if membership.role is None:
            actions.append(UserItem.generation.add(1))  # ends the sessions whose tokens carried the role
        newer = here.does_not_exist() | (here["revision"] < membership.revision)
        return update(UserItem.at(user_id), actions, UserItem.pk.exists() & newer)
