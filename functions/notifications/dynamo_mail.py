"""Which e-mails went out, in the context's table.

| pk            | sk             | what                                                      |
|---------------|----------------|-----------------------------------------------------------|
| MAIL#<key>    | SENT           | who may send until when, and when it was sent (is kept)   |
"""

from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError

from shared.clock import iso
from shared.errors import Busy
from shared.table import Item


class SentMark(Item, discriminator="SentMark"):
    """Of no person: it is kept, so that no replay however late mails again."""

    v = NumberAttribute(default=1)
    claimed_until = UnicodeAttribute()
    sent_at = UnicodeAttribute(null=True)


class DynamoSent:
    def claim(self, key: str, *, at: datetime, until: datetime) -> bool:
        mark = SentMark(_mail(key), "SENT")
        free = SentMark.claimed_until.does_not_exist() | (SentMark.claimed_until <= iso(at))
        try:
            mark.update(
                actions=[SentMark.claimed_until.set(iso(until)), SentMark.kind.set(SentMark), SentMark.v.set(1)],
                condition=SentMark.sent_at.does_not_exist() & free,
            )
        except UpdateError as failure:
            if failure.cause_response_code != "ConditionalCheckFailedException":
                raise
            if SentMark.get(_mail(key), "SENT", consistent_read=True).sent_at:
                return False
            raise Busy(f"The mail {key} is being sent by another.") from None
        return True

    def mark(self, key: str, at: datetime) -> None:
        SentMark(_mail(key), "SENT").update(actions=[SentMark.sent_at.set(iso(at))])


def _mail(key: str) -> str:
    return f"MAIL#{key}"
