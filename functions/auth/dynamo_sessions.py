"""Sessions in DynamoDB."""

from pynamodb.transactions import TransactWrite

from functions.auth.domain import Session
from functions.auth.items import SESSION, SessionItem, UserItem, find, holds, in_list, update, user_key
from shared.table import decode_cursor, page


class DynamoSessions:
    def start(self, session: Session) -> None:
        SessionItem.of(session).save()

    def find(self, user_id: str, session_id: str) -> Session | None:
        item = find(SessionItem.at(user_id, session_id))
        return item.session() if item else None

    def page(self, user_id: str, limit: int, cursor: str | None) -> tuple[list[Session], str | None]:
        pk = user_key(user_id)
        results = SessionItem.query(
            pk,
            SessionItem.sk.startswith(SESSION),
            limit=limit,
            last_evaluated_key=in_list(decode_cursor(cursor, pk), SESSION),
            scan_index_forward=False,
            consistent_read=True,
        )
        items, next_cursor = page(results)
        return [item.session() for item in items], next_cursor

    def rotate(self, old: Session, new: Session) -> bool:
        renewed = SessionItem.of(new)
        return update(
            renewed,
            [
                SessionItem.token_digest.set(renewed.token_digest),
                SessionItem.used_at.set(renewed.used_at),
                SessionItem.ttl.set(renewed.ttl),
            ],
            (SessionItem.token_digest == old.token_digest) & (SessionItem.revoked == old.revoked),
        )

    def revoke(self, user_id: str, session_id: str) -> bool:
        return update(SessionItem.at(user_id, session_id), [SessionItem.revoked.set(True)], SessionItem.pk.exists())

    def end_all(self, user_id: str, generation: int, keep: str | None) -> bool:
        def compose(transaction: TransactWrite) -> None:
            user = UserItem.at(user_id)
            transaction.update(user, actions=[UserItem.generation.add(1)], condition=UserItem.generation == generation)
            if keep is not None:
                kept = SessionItem.at(user_id, keep)
                alive = (SessionItem.generation == generation) & (SessionItem.revoked == False)  # noqa: E712  # an expression
                transaction.update(kept, actions=[SessionItem.generation.set(generation + 1)], condition=alive)

        return holds(compose)
