"""Live connections, in the context's table. All of it expires by ttl; nothing lives longer than a connection may.

| pk              | sk            | what                                                        |
|-----------------|---------------|-------------------------------------------------------------|
| LIVETICKET#<h>  | LIVETICKET    | whom the ticket with this SHA-256 lets in, and to what      |
| CONNECTION#<id> | CONNECTION    | whose it is, and what it may hear of                        |
| TOPIC#<topic>   | <connection>  | that it hears of it                                         |
"""

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, TransactWriteError
from pynamodb.transactions import TransactWrite

from functions.notifications.live import Connection, Ticket, inbox_topic
from shared.clock import iso, now
from shared.table import Item, failed_conditions, transact

_LONGEST = timedelta(hours=3)  # API Gateway ends a connection after two


class LiveTicketItem(Item, discriminator="LiveTicket"):
    v = NumberAttribute(default=1)
    user_id = UnicodeAttribute()
    topics = JSONAttribute()
    expires_at = UnicodeAttribute()


class ConnectionItem(Item, discriminator="Connection"):
    v = NumberAttribute(default=1)
    user_id = UnicodeAttribute()
    topics = JSONAttribute()


class ListenerItem(Item, discriminator="Listener"):
    v = NumberAttribute(default=1)


class DynamoTickets:
    def add(self, ticket: Ticket) -> None:
        LiveTicketItem(
            pk=_ticket(ticket.secret),
            sk="LIVETICKET",
            user_id=ticket.user_id,
            topics=list(ticket.topics),
            expires_at=iso(ticket.expires_at),
            ttl=int(ticket.expires_at.timestamp()),
        ).save()

    def redeem(self, secret: str, connection_id: str, at: datetime) -> Connection | None:
        try:
            ticket = LiveTicketItem.get(_ticket(secret), "LIVETICKET", consistent_read=True)
        except DoesNotExist:
            return None
        connection = ConnectionItem(
            pk=_connection(connection_id), sk="CONNECTION", user_id=ticket.user_id, topics=list(ticket.topics), ttl=_end()
        )

        def write(transaction: TransactWrite) -> None:
            transaction.delete(ticket, condition=LiveTicketItem.expires_at > iso(at))  # false too where another has used it
            transaction.save(connection)

        try:
            transact(write)
        except TransactWriteError as failure:
            if not failed_conditions(failure):
                raise
            return None
        return Connection(connection_id, ticket.user_id, tuple(ticket.topics))


class DynamoConnections:
    def get(self, connection_id: str) -> Connection | None:
        try:
            item = ConnectionItem.get(_connection(connection_id), "CONNECTION", consistent_read=True)
        except DoesNotExist:
            return None
        return Connection(connection_id, item.user_id, tuple(item.topics))

    def subscribe(self, connection: Connection) -> None:
        with ListenerItem.batch_write() as batch:
            for topic in connection.topics:
                batch.save(ListenerItem(pk=_topic(topic), sk=connection.id, ttl=_end()))

    def of(self, topic: str) -> list[str]:
        return [item.sk for item in ListenerItem.query(_topic(topic), consistent_read=True)]

    def drop(self, connection_ids: Collection[str], topic: str | None = None) -> None:
        keys = [(_connection(each), "CONNECTION") for each in connection_ids]
        listening = {(each, topic) for each in connection_ids if topic}
        for item in ConnectionItem.batch_get(keys, consistent_read=True):
            listening |= {(item.pk.removeprefix("CONNECTION#"), each) for each in item.topics}
        with Item.batch_write() as batch:
            for each in connection_ids:
                batch.delete(ConnectionItem(_connection(each), "CONNECTION"))
            for each, heard in listening:
                batch.delete(ListenerItem(_topic(heard), each))

    def unsubscribe(self, user_id: str, topic: str) -> None:
        for connection_id in self.of(inbox_topic(user_id)):
            connection = self.get(connection_id)
            if connection and topic in connection.topics:
                remaining = [each for each in connection.topics if each != topic]
                item = ConnectionItem(_connection(connection_id), "CONNECTION")
                item.update(actions=[ConnectionItem.topics.set(remaining)], condition=ConnectionItem.pk.exists())
            ListenerItem(_topic(topic), connection_id).delete()


def _end() -> int:
    return int((now() + _LONGEST).timestamp())


def _ticket(secret: str) -> str:
    return f"LIVETICKET#{hashlib.sha256(secret.encode()).hexdigest()}"


def _connection(connection_id: str) -> str:
    return f"CONNECTION#{connection_id}"


def _topic(topic: str) -> str:
    return f"TOPIC#{topic}"
