"""The mail of an order: HTML and plain text, each ticket's QR code shown in it and attached as a picture."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from functions.notifications.domain import Letter, local_time, one_line, price
from shared.qr import png


def compose(letter: Letter, sender: str) -> EmailMessage:
    """The whole mail; the same letter gives the same Message-ID. Raises ValueError for an address with a line break."""
    order = letter.order
    domain = parseaddr(sender)[1].rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = _address(order.buyer_name, order.buyer_email)
    mail["Subject"] = order.subject
    mail["Date"] = format_datetime(order.paid_at)
    mail["Message-ID"] = f"<{order.order_id}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(_render("order.txt", letter))
    mail.add_alternative(_render("order.html", letter), subtype="html")
    _add_pictures(mail, letter)
    return mail


def _address(name: str, email: str) -> Address:
    # In two parts, so that whatever the account was registered with is kept, and quoted where it must be.
    user, _, domain = email.rpartition("@")
    return Address(one_line(name), user, domain)


def _add_pictures(mail: EmailMessage, letter: Letter) -> None:
    pictures = {f"ticket-{ticket.number}": png(ticket.code, box=6) for ticket in letter.tickets}
    html = mail.get_body(("html",))
    assert isinstance(html, EmailMessage)  # noqa: S101  # for the types: it was added a line ago
    for name, picture in pictures.items():
        cid = f"<{name}@{letter.order.order_id}>"
        html.add_related(picture, "image", "png", cid=cid, disposition="inline", filename=f"{name}.png")
    for name, picture in pictures.items():
        mail.add_attachment(picture, "image", "png", filename=f"{name}.png")


def _render(template: str, letter: Letter) -> str:
    return _templates().get_template(template).render(order=letter.order, tickets=letter.tickets)


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"line": one_line, "price": price, "local_time": local_time}
    return environment
