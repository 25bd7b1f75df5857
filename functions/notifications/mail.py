"""A letter as an e-mail: HTML and plain text from templates, with what is enclosed."""

from dataclasses import dataclass
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr

from functions.notifications.domain import one_line
from functions.notifications.letter import Letter, Link, Mailbox
from functions.notifications.templates import render


@dataclass(frozen=True, slots=True)
class Sender:
    """`address` is an identity of the mailer's. Links lead to the organiser's web front end, or where there is none to the API."""

    address: str
    api_url: str
    front_end: str | None = None

    def url(self, link: Link | None) -> str | None:
        """None for what could not be followed: a page that needs a log-in, where there is no front end to log in to."""
        if link is None or not (self.front_end or link.open):
            return None
        return f"{(self.front_end or self.api_url).rstrip('/')}{link.path}"


class _WholeHeader(UniqueUnstructuredHeader, BaseHeader):  # type: ignore[misc]  # typeshed: their max_count differs
    """On one line, however long: a URL that is folded would be encoded word by word, and no mail program would follow it."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _WholeHeader)
_POLICY = SMTP.clone(header_factory=_HEADERS)


def compose(letter: Letter, sender: Sender) -> EmailMessage:
    """The whole mail; the same letter gives the same Message-ID. Raises ValueError for an address with a line break."""
    domain = parseaddr(sender.address)[1].rpartition("@")[2]
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = sender.address
    mail["To"] = _address(letter.to)
    mail["Subject"] = one_line(letter.subject)
    mail["Date"] = format_datetime(letter.date)
    mail["Message-ID"] = f"<{letter.key}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    opt_out = f"{sender.api_url.rstrip('/')}{letter.opt_out}" if letter.opt_out else None
    if opt_out:
        mail["List-Unsubscribe"] = f"<{opt_out}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    said = {
        **letter.says,
        "name": letter.to.name,
        "subject": letter.subject,
        "url": sender.url(letter.link),
        "url_of": sender.url,
        "opt_out": opt_out,
        "label": letter.link.label if letter.link else "",
    }
    mail.set_content(render(f"{letter.template}.txt", said))
    mail.add_alternative(render(f"{letter.template}.html", said), subtype="html")
    _enclose(mail, letter)
    return mail


def _address(mailbox: Mailbox) -> Address:
    # In two parts, so that whatever the account was registered with is kept, and quoted where it must be.
    user, _, domain = mailbox.email.rpartition("@")
    return Address(one_line(mailbox.name), user, domain)


def _enclose(mail: EmailMessage, letter: Letter) -> None:
    html = mail.get_body(("html",))
    assert isinstance(html, EmailMessage)  # noqa: S101  # for the types: it was added a moment ago
    for each in letter.enclosures:
        if each.cid:
            kind, _, subtype = each.media_type.partition("/")
            html.add_related(each.content, kind, subtype, cid=f"<{each.cid}>", disposition="inline", filename=each.name)
    for each in letter.enclosures:
        if each.attached:
            kind, _, subtype = each.media_type.partition("/")
            mail.add_attachment(each.content, kind, subtype, filename=each.name)
