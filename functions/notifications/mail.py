"""A letter as an e-mail: HTML and plain text from templates, with what is enclosed."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from functions.notifications.domain import conference_named, one_line, price
from functions.notifications.letter import Letter, Link, Mailbox
from shared.clock import local_time


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


def compose(letter: Letter, sender: Sender) -> EmailMessage:
    """The whole mail; the same letter gives the same Message-ID. Raises ValueError for an address with a line break."""
    domain = parseaddr(sender.address)[1].rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender.address
    mail["To"] = _address(letter.to)
    mail["Subject"] = one_line(letter.subject)
    mail["Date"] = format_datetime(letter.date)
    mail["Message-ID"] = f"<{letter.key}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    said = {
        **letter.says,
        "name": letter.to.name,
        "subject": letter.subject,
        "url": sender.url(letter.link),
        "url_of": sender.url,
        "label": letter.link.label if letter.link else "",
    }
    mail.set_content(_render(f"{letter.template}.txt", said))
    mail.add_alternative(_render(f"{letter.template}.html", said), subtype="html")
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


def _render(template: str, said: Mapping[str, object]) -> str:
    return _templates().get_template(template).render(said)


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"line": one_line, "price": price, "local_time": local_time, "conference": conference_named}
    return environment
