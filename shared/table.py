"""One DynamoDB table per context, single-table within it: the base every item shares, the outbox, and cursors."""

import base64
import binascii
import json
import os
import random
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.connection import TableConnection
from pynamodb.exceptions import TransactWriteError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model
from pynamodb.pagination import ResultIterator
from pynamodb.transactions import TransactWrite

from shared.attributes import Kind, Plain
from shared.clock import now
from shared.connection import make_frugal
from shared.errors import Busy, Malformed
from shared.messages import Message

_OUTBOX_LIFE = timedelta(days=7)  # the stream delivers within 24 h; the rest is for whoever looks into a failure
_PAUSES = (0.0, 0.02, 0.04, 0.08, 0.16)  # seconds at most before each try of a transaction

# What a last evaluated key consists of, by the partition attribute of the queried table or index.
_KEYS = {"pk": {"pk", "sk"}, **{f"{gsi}pk": {"pk", "sk", f"{gsi}pk", f"{gsi}sk"} for gsi in ("gsi1", "gsi2")}}

M = TypeVar("M", bound="Item")


class Gsi1(GlobalSecondaryIndex["Item"]):  # type: ignore[no-untyped-call]  # PynamoDB leaves __init_subclass__ untyped
    """A secondary index, sparse: only items with `gsi1pk` are in it, each write of one costing a write more. Reads may lag."""

    class Meta:
        index_name = "gsi1"
        projection = AllProjection()

    gsi1pk = UnicodeAttribute(hash_key=True)
    gsi1sk = UnicodeAttribute(range_key=True)


class Gsi2(GlobalSecondaryIndex["Item"]):  # type: ignore[no-untyped-call]  # as Gsi1
    """Another one, for what has to be found in a second way."""

    class Meta:
        index_name = "gsi2"
        projection = AllProjection()

    gsi2pk = UnicodeAttribute(hash_key=True)
    gsi2sk = UnicodeAttribute(range_key=True)


class Item(Plain, Model):
    """What every item has. A context's items subclass it with a discriminator: `class Order(Item, discriminator="Order")`.

    PynamoDB reads the table's name at import: TABLE_NAME is set by the template, one table per function.
    """

    class Meta:
        table_name = os.environ.get("TABLE_NAME", "ketemu")
        # DynamoDB answers within milliseconds: a socket that hangs is given up while the request can still be tried again.
        connect_timeout_seconds = 1
        read_timeout_seconds = 2
        max_retry_attempts = 2

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = Kind()
    gsi1pk = UnicodeAttribute(null=True)
    gsi1sk = UnicodeAttribute(null=True)
    gsi2pk = UnicodeAttribute(null=True)
    gsi2sk = UnicodeAttribute(null=True)
    ttl = NumberAttribute(null=True)  # seconds since 1970 after which DynamoDB may delete the item (within days)
    gsi1 = Gsi1()
    gsi2 = Gsi2()

    @classmethod
    def _get_connection(cls) -> TableConnection:
        """One for all kinds: PynamoDB makes one for each, and with it a botocore client, the dearest part of a cold start."""
        before, connected = Item._connection, super(Item, Item)._get_connection()
        if connected is not before:
            make_frugal(connected.connection.session)
        return connected


class Outbox(Item, discriminator="Outbox"):
    """A message that goes to the bus if, and only if, the transaction that holds it commits (`functions/relay`)."""

    v = NumberAttribute(default=1)
    source = UnicodeAttribute()
    detail_type = UnicodeAttribute()
    detail = UnicodeAttribute()

    @classmethod
    def of(cls, message: Message) -> "Outbox":
        return cls(
            pk=f"OUTBOX#{message.id}",
            sk="OUTBOX",
            source=message.source,
            detail_type=type(message).__name__,
            detail=message.to_json(),
            ttl=int((now() + _OUTBOX_LIFE).timestamp()),
        )

    @classmethod
    def forget(cls, message: Message) -> None:
        """Once it has arrived somewhere: a message that carries a secret is not kept any longer than it takes to deliver it."""
        cls(pk=f"OUTBOX#{message.id}", sk="OUTBOX").delete()


def transact(compose: Callable[[TransactWrite], None], pauses: Sequence[float] = _PAUSES) -> None:
    """Commit what `compose` adds to a transaction, again where it met another one, after at most each of `pauses` (seconds).

    Raises TransactWriteError where a condition failed, and Busy where the contention does not end.
    """
    for pause in pauses:
        if pause:  # even no sleep gives the processor away
            time.sleep(random.uniform(0, pause))  # noqa: S311  # spreads the rivals, keeps no secret
        try:
            with TransactWrite(connection=Item._get_connection().connection) as transaction:
                compose(transaction)
        except TransactWriteError as failure:
            if not is_conflict(failure):
                raise
        else:
            return
    raise Busy("Others are changing the same thing right now. Nothing was done: send the request again.")


def failed_conditions(failure: TransactWriteError) -> list[int]:
    """Which operations of a cancelled transaction failed their condition, as indexes in DynamoDB's order.

    PynamoDB sends condition checks first, then deletes, then puts, then updates: issue them in that order.
    """
    reasons = failure.cancellation_reasons
    return [index for index, reason in enumerate(reasons) if reason and reason.code == "ConditionalCheckFailed"]


def is_conflict(failure: TransactWriteError) -> bool:
    """Whether the transaction met another one (or throttling) and lost: nothing was decided, try again."""
    codes = {reason.code for reason in failure.cancellation_reasons if reason}
    return bool(codes & {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


def encode_cursor(key: dict[str, Any] | None) -> str | None:
    """DynamoDB's last evaluated key as an opaque string."""
    return base64.urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode() if key else None


def decode_cursor(cursor: str | None, partition: str, attribute: str = "pk") -> dict[str, Any] | None:
    """The inverse of `encode_cursor`. Raises Malformed for a cursor that is not of this `partition`."""
    if cursor is None:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor))
        whole = set(key) == _KEYS[attribute] and all(set(value) == {"S"} for value in key.values())
        if whole and key[attribute]["S"] == partition and all(value["S"].encode() for value in key.values()):
            return dict(key)  # encode: not empty, and no half of a surrogate pair, which DynamoDB would refuse
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError):
        pass
    raise Malformed("The cursor is not one that this list gave. Start again without it.")


def page(results: ResultIterator[M]) -> tuple[list[M], str | None]:
    """One page of a limited query: its items, and the cursor of the next page or None."""
    items = list(results)
    return items, encode_cursor(results.last_evaluated_key)
