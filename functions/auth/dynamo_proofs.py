"""Mailed proofs in DynamoDB, and what they open: each effect is one transaction with the proof's end and the message."""

from collections.abc import Sequence
from dataclasses import replace

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from functions.auth.domain import Credential, EmailTaken
from functions.auth.items import PROOF, CredentialItem, ProofItem, UserItem, holds, user_key
from functions.auth.proofs import Proof
from shared.messages import Message
from shared.table import Outbox, failed_conditions, transact

_TAKEN = 2  # the new credential's place in the transaction that moves an account to another address


class DynamoPost:
    def send(self, message: Message) -> None:
        Outbox.of(message).save()


class DynamoProofs:
    def of(self, user_id: str) -> list[Proof]:
        found = ProofItem.query(user_key(user_id), ProofItem.sk.startswith(PROOF), consistent_read=True)
        return [item.proof() for item in found]

    def offer(self, proof: Proof, message: Message) -> None:
        def compose(transaction: TransactWrite) -> None:
            transaction.save(ProofItem.of(proof), condition=ProofItem.pk.does_not_exist())
            transaction.save(Outbox.of(message))

        holds(compose)  # where it does not, the proof was offered before

    def verify_email(self, proof: Proof) -> bool:
        def compose(transaction: TransactWrite) -> None:
            transaction.delete(ProofItem.at(proof), condition=_unused(proof))
            verified: list[Action] = [UserItem.email_verified.set(True)]
            transaction.update(UserItem.at(proof.user_id), actions=verified, condition=UserItem.email == proof.email)

        return holds(compose)

    def set_password(self, credential: Credential, password_hash: str, used: Sequence[Proof], message: Message) -> bool:
        def compose(transaction: TransactWrite) -> None:
            for number, proof in enumerate(used):
                transaction.delete(ProofItem.at(proof), condition=None if number else _unused(proof))
            transaction.save(Outbox.of(message))
            transaction.update(
                CredentialItem.at(credential.email),
                actions=[CredentialItem.password_hash.set(password_hash)],
                condition=CredentialItem.password_hash == credential.password_hash,
            )
            actions: list[Action] = [UserItem.generation.add(1)]
            if used:  # somebody read the mail
                actions.append(UserItem.email_verified.set(True))
            transaction.update(UserItem.at(credential.user_id), actions=actions, condition=UserItem.email == credential.email)

        return holds(compose)

    def move(self, credential: Credential, proof: Proof, message: Message) -> bool:
        def compose(transaction: TransactWrite) -> None:
            transaction.delete(ProofItem.at(proof), condition=_unused(proof))
            unchanged = CredentialItem.password_hash == credential.password_hash
            transaction.delete(CredentialItem.at(credential.email), condition=unchanged)
            moved = CredentialItem.of(replace(credential, email=proof.email))
            transaction.save(moved, condition=CredentialItem.pk.does_not_exist())
            transaction.save(Outbox.of(message))
            transaction.update(
                UserItem.at(credential.user_id),
                actions=[UserItem.email.set(proof.email), UserItem.email_verified.set(True)],
                condition=UserItem.email == credential.email,
            )

        try:
            transact(compose)
        except TransactWriteError as failure:
            failed = failed_conditions(failure)
            if failed == [_TAKEN]:
                raise EmailTaken from None
            if not failed:
                raise
            return False
        return True


def _unused(proof: Proof) -> Condition:
    condition: Condition = ProofItem.digest == proof.digest
    return condition
