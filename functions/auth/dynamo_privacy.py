"""Consents, exports and the end of an account in DynamoDB."""

from pynamodb.transactions import TransactWrite

from functions.auth.domain import Credential
from functions.auth.items import CONSENT, ConsentItem, CredentialItem, ExportItem, UserItem, find, holds, in_list, user_key
from functions.auth.personal_data import Consent, Export
from shared.clock import iso
from shared.messages import DataExportRequested, UserErased
from shared.table import Outbox, decode_cursor, page


class DynamoConsents:
    def record(self, user_id: str, consent: Consent) -> bool:
        def compose(transaction: TransactWrite) -> None:
            transaction.condition_check(UserItem, *UserItem.key(user_id), condition=UserItem.pk.exists())
            transaction.save(ConsentItem.of(user_id, consent))

        return holds(compose)

    def page(self, user_id: str, limit: int, cursor: str | None) -> tuple[list[Consent], str | None]:
        pk = user_key(user_id)
        results = ConsentItem.query(
            pk,
            ConsentItem.sk.startswith(CONSENT),
            limit=limit,
            last_evaluated_key=in_list(decode_cursor(cursor, pk), CONSENT),
            scan_index_forward=False,
            consistent_read=True,
        )
        items, next_cursor = page(results)
        return [item.consent() for item in items], next_cursor


class DynamoExports:
    def latest(self, user_id: str) -> Export | None:
        item = find(ExportItem.at(user_id))
        return item.export() if item else None

    def request(self, old: Export | None, new: Export, message: DataExportRequested) -> bool:
        def compose(transaction: TransactWrite) -> None:
            unseen = ExportItem.pk.does_not_exist()
            unchanged = ExportItem.requested_at == iso(old.requested_at) if old else unseen
            transaction.save(ExportItem.of(new), condition=unchanged)
            transaction.save(Outbox.of(message))

        return holds(compose)


class DynamoErasure:
    def erase(self, credential: Credential, message: UserErased) -> bool:
        def compose(transaction: TransactWrite) -> None:
            same = CredentialItem.password_hash == credential.password_hash
            transaction.delete(CredentialItem.at(credential.email), condition=same)
            transaction.delete(UserItem.at(credential.user_id), condition=UserItem.email == credential.email)
            transaction.save(Outbox.of(message))

        return holds(compose)
