"""A notice: one thing that one person is told, in the inbox, by e-mail, or both, as its kind and their preferences have it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.notifications.domain import News, Notification
from functions.notifications.letter import Enclosure, Letter, Link, Mailbox
from shared.ids import derived_id
from shared.messages import Message


@dataclass(frozen=True, slots=True)
class Notice:
    """To somebody with an account (`user_id`), to an e-mail address alone (an invitation), or to all `organisers` of a conference.

    Without an `address` the e-mail goes to the one on record for the account. `link` is what the e-mail asks to follow. An e-mail
    that says more than title, body and link has the template `template`, which finds `details` beside them. Not `mailed` here is
    what has its e-mail sent apart.
    """

    news: News
    user_id: str | None = None
    address: Mailbox | None = None
    link: Link | None = None
    template: str = "news"
    details: Mapping[str, object] = field(default_factory=dict)
    enclosures: tuple[Enclosure, ...] = ()
    mailed: bool = True
    organisers: str | None = None  # of the conference with this id

    def notification(self, *, message_id: str, user_id: str, occurred_at: datetime) -> Notification:
        return Notification.of(self.news, message_id=message_id, user_id=user_id, occurred_at=occurred_at)

    def letter(self, *, message_id: str, to: Mailbox, occurred_at: datetime, opt_out: str | None = None) -> Letter:
        return Letter(
            key=derived_id("eml", message_id, self.news.kind, self.user_id or to.email.lower()),
            to=to,
            subject=self.news.title,
            date=occurred_at,
            template=self.template,
            says={"body": self.news.body, **self.details},
            link=self.link,
            enclosures=self.enclosures,
            opt_out=opt_out,
        )


# Who is told what about a message, by its class; each callable takes the class it is filed under.
Notices = Mapping[type[Message], Callable[[Any], list[Notice]]]
