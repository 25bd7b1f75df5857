"""People in DynamoDB, each with a copy under every code of theirs."""

from collections.abc import Sequence

from pynamodb.transactions import TransactWrite

from functions.contacts.dynamo import committed, read
from functions.contacts.items import CodeItem, DoneItem, PersonItem, code_key, done_key, person_key
from functions.contacts.people import Person
from shared.messages import Message
from shared.table import Item, Outbox


class DynamoPeople:
    def person(self, user_id: str) -> Person | None:
        return next((item.to_person() for item in read([person_key(user_id)]) if isinstance(item, PersonItem)), None)

    def change(self, old: Person | None, new: Person, messages: Sequence[Message], done: str | None = None) -> bool:
        before, after = old.bearers() if old else {}, new.bearers()

        def compose(transaction: TransactWrite) -> None:
            for text in before.keys() - after.keys():
                transaction.delete(CodeItem(*code_key(text)))
            unchanged = PersonItem.revision == old.revision if old else Item.pk.does_not_exist()
            transaction.save(PersonItem.of(new), unchanged)
            for text, bearer in after.items():
                if bearer != before.get(text):
                    transaction.save(CodeItem.of(text, bearer))
            if done:
                transaction.save(DoneItem.of(new.user_id, done), Item.pk.does_not_exist())
            for message in messages:
                transaction.save(Outbox.of(message))

        return committed(compose)

    def has_done(self, user_id: str, command_id: str) -> bool:
        return any(read([done_key(user_id, command_id)]))
