"""An e-mail before it is written out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Mailbox:
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Link:
    """`path` is below the public URL, e.g. `/orders/ord_…`.

    Where that is the API itself, a page that needs a log-in would answer 401 to a browser, so only what is `open` is linked: what
    carries its own proof in the path.
    """

    label: str
    path: str
    open: bool = False


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file with the mail. With a `cid` the HTML shows it, as `cid:<cid>`: besides, or only there where it is not `attached`."""

    name: str
    media_type: str
    content: bytes
    cid: str | None = None
    attached: bool = True


@dataclass(frozen=True, slots=True)
class Letter:
    """`key` is what it is sent once for: two letters with one key are one mail, with one Message-ID.

    `opt_out` is the path, at the API, that ends letters of its kind; none where they cannot be ended.
    """

    key: str
    to: Mailbox
    subject: str
    date: datetime
    template: str = "news"
    says: Mapping[str, object] = field(default_factory=dict)
    link: Link | None = None
    enclosures: tuple[Enclosure, ...] = ()
    opt_out: str | None = None
