"""Stars and the people's own calendars in DynamoDB, under the person: `USER#<id>`."""

from collections.abc import Iterable, Iterator
from typing import cast

from pynamodb.exceptions import DoesNotExist, PutError

from functions.events.domain import Overtaken
from functions.events.items import (
    CALENDAR,
    StarItem,
    SubscriptionItem,
    audience_partition,
    calendar_partition,
    star_prefix,
    starred_partition,
    user_partition,
)
from functions.events.subscription import Subscription
from shared.messages import Message
from shared.table import Item, Outbox


class DynamoStars:
    def add(self, conference_id: str, session_id: str, user_id: str) -> None:
        StarItem.of(conference_id, session_id, user_id).save()

    def remove(self, conference_id: str, session_id: str, user_id: str) -> None:
        StarItem.of(conference_id, session_id, user_id).delete()

    def of_user(self, conference_id: str, user_id: str) -> list[str]:
        items = StarItem.query(user_partition(user_id), Item.sk.startswith(star_prefix(conference_id)), consistent_read=True)
        return [item.session_id for item in items]

    def people(self, conference_id: str, session_id: str) -> Iterator[str]:
        for item in StarItem.gsi1.query(starred_partition(conference_id, session_id)):
            yield cast("StarItem", item).user_id

    def audience(self, conference_id: str) -> Iterator[str]:
        for item in Item.gsi2.query(audience_partition(conference_id)):
            yield str(item.gsi2sk).partition("#")[0]

    def count(self, conference_id: str, session_id: str) -> int:
        return StarItem.gsi1.count(starred_partition(conference_id, session_id))


class DynamoSubscriptions:
    def of_user(self, conference_id: str, user_id: str) -> Subscription | None:
        try:
            return SubscriptionItem.get(user_partition(user_id), CALENDAR + conference_id, consistent_read=True).to_domain()
        except DoesNotExist:
            return None

    def find(self, secret_hash: str) -> Subscription | None:
        """By the index, which is a moment behind the table: a new address works, and an old one ends, within a second."""
        found = next(SubscriptionItem.gsi1.query(calendar_partition(secret_hash)), None)
        return cast("SubscriptionItem", found).to_domain() if found else None

    def keep(self, subscription: Subscription, held: Subscription | None) -> None:
        unchanged = SubscriptionItem.secret_hash == held.secret_hash if held else Item.pk.does_not_exist()
        try:
            SubscriptionItem.of(subscription).save(condition=unchanged)
        except PutError as failure:
            if failure.cause_response_code != "ConditionalCheckFailedException":
                raise
            raise Overtaken from failure

    def remove(self, conference_id: str, user_id: str) -> None:
        SubscriptionItem(pk=user_partition(user_id), sk=CALENDAR + conference_id).delete()


class DynamoPost:
    def send(self, messages: Iterable[Message]) -> None:
        """In batches of 25. The relay publishes what is new in the outbox: a message that is put there again is not sent again."""
        with Outbox.batch_write() as batch:
            for message in messages:
                batch.save(Outbox.of(message))
