"""The feed of codes for scanners, in the context's table.

| item | pk | sk | gsi2pk | gsi2sk |
|---|---|---|---|---|
| CodeRecord | TICKET#id | CODE#serial | FEED#conference | instant#lookup |

One item a code, which moves in the index as it changes: the feed is never longer than the conference has had codes. It is read
from the index, whose partition takes 1,000 changes a second: more than are sold or scanned, and the table's stream holds the rest.
"""

from typing import cast

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError

from functions.tickets.codes import signed_bytes
from functions.tickets.domain import Entry, Status, Ticket
from functions.tickets.offline import CodeRecord
from functions.tickets.sealing import secrets_of
from shared.clock import iso, now, parse
from shared.table import Item


class CodeRecordItem(Item, discriminator="CodeRecord"):
    v = NumberAttribute(default=1)
    ticket_id = UnicodeAttribute()
    serial = NumberAttribute()
    lookup = BinaryAttribute(legacy_encoding=False)
    sealed = BinaryAttribute(null=True, legacy_encoding=False)  # none: revoked
    status = UnicodeAttribute()
    entered_at = UnicodeAttribute(null=True)
    entered_gate = UnicodeAttribute(null=True)
    passed_at = UnicodeAttribute(null=True)
    time_zone = UnicodeAttribute(default="UTC")

    @classmethod
    def of(cls, record: CodeRecord) -> "CodeRecordItem":
        return cls(
            f"TICKET#{record.ticket_id}",
            f"CODE#{record.serial:05}",
            gsi2pk=f"FEED#{record.conference_id}",
            gsi2sk=record.position,
            ticket_id=record.ticket_id,
            serial=record.serial,
            lookup=record.lookup,
            sealed=record.sealed,
            status=record.status,
            entered_at=iso(record.first_entry.at) if record.first_entry else None,
            entered_gate=record.first_entry.gate if record.first_entry else None,
            passed_at=iso(record.passed_at) if record.passed_at else None,
            time_zone=record.time_zone,
        )

    @classmethod
    def revoked(cls, ticket: Ticket) -> "CodeRecordItem":
        """Of the code that the ticket has until now."""
        return cls.of(
            CodeRecord(
                conference_id=ticket.conference_id,
                ticket_id=ticket.id,
                serial=ticket.serial,
                lookup=secrets_of(signed_bytes(ticket.code)).lookup,
                sealed=None,
                status=ticket.status,
                first_entry=None,
                time_zone=ticket.time_zone,
                changed_at=now(),
            )
        )

    def domain(self) -> CodeRecord:
        return CodeRecord(
            conference_id=self.gsi2pk.removeprefix("FEED#"),
            ticket_id=self.ticket_id,
            serial=int(self.serial),
            lookup=self.lookup,
            sealed=self.sealed,
            status=cast("Status", self.status),
            first_entry=Entry(parse(self.entered_at), self.entered_gate) if self.entered_at else None,
            passed_at=parse(self.passed_at) if self.passed_at else None,
            time_zone=self.time_zone,
            changed_at=parse(self.gsi2sk.partition("#")[0]),
        )


class DynamoFeed:
    """Implements `use_cases_offline.Feed`."""

    def put(self, record: CodeRecord) -> None:
        try:
            CodeRecordItem.of(record).save(condition=Item.pk.does_not_exist() | CodeRecordItem.sealed.exists())
        except PutError as failure:
            if failure.cause_response_code != "ConditionalCheckFailedException":
                raise

    def changes(self, conference_id: str, position: str, limit: int) -> tuple[list[CodeRecord], bool]:
        after = CodeRecordItem.gsi2sk > position if position else None
        found = CodeRecordItem.gsi2.query(f"FEED#{conference_id}", after, limit=limit)
        records = [item.domain() for item in found if isinstance(item, CodeRecordItem)]
        return records, found.last_evaluated_key is not None
