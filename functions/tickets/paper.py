"""Tickets on paper: a page of A4 each with its QR code.

In Latin, Greek, Cyrillic, Arabic, Devanagari, Thai, Chinese, Japanese and Korean (docs/decisions/0009-libraries.md).
"""

import io
from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from functions.tickets.domain import Ticket
from shared.clock import local_time
from shared.qr import png

if TYPE_CHECKING:
    from fpdf import FPDF

_FAMILY: Final = "Noto Sans"  # Latin, Greek, Cyrillic and Vietnamese
# Another font for the letters that it has not, by the ranges of them; loaded where one occurs.
_FALLBACKS: Final = {
    "Noto Sans Arabic": (range(0x0600, 0x0900), range(0xFB50, 0xFE00), range(0xFE70, 0xFF00)),
    "Noto Sans Devanagari": (range(0x0900, 0x0980),),
    "Noto Sans Thai": (range(0x0E00, 0x0E80),),
    # Han, kana, bopomofo and hangul, in 2.3 MB zipped; Noto's has half as many Han again in 14 MB.
    "WenQuanYi Micro Hei": (
        range(0x1100, 0x1200),
        range(0x2E80, 0xA000),
        range(0xAC00, 0xD7B0),
        range(0xF900, 0xFB00),
        range(0xFF00, 0xFFF0),
    ),
}
_MARGIN, _QR_WIDTH = 20.0, 90.0  # millimetres; modules of 1.6 mm are read at arm's length
_GREY = (90, 90, 90)


def pdf(*tickets: Ticket) -> bytes:
    """A page each. The same tickets always give the same document, but for what it says of a cancellation."""
    document = _blank(tickets)
    for ticket in tickets:
        _draw(document, ticket)
    return bytes(document.output())


def _blank(tickets: Sequence[Ticket]) -> "FPDF":
    from fpdf import FPDF  # here, since it loads for longer than a request takes

    document = FPDF(format="A4")
    document.set_creation_date(tickets[0].issued_at)
    document.set_title(f"{tickets[0].conference_name}: {', '.join(dict.fromkeys(each.ticket_type_name for each in tickets))}")
    document.set_margins(_MARGIN, _MARGIN)
    said = {ord(letter) for ticket in tickets for text in _free_text(ticket) for letter in text}
    fallbacks = [family for family, letters in _FALLBACKS.items() if any(said.intersection(each) for each in letters)]
    for family in (_FAMILY, *fallbacks):
        document.add_font(family, fname=_font(family))
    document.set_fallback_fonts(fallbacks)
    document.set_text_shaping(True)
    return document


def _free_text(ticket: Ticket) -> tuple[str, ...]:
    return ticket.conference_name, ticket.ticket_type_name, ticket.attendee.name


def _draw(page: "FPDF", ticket: Ticket) -> None:
    page.add_page()
    page.set_text_color(0, 0, 0)
    _line(page, ticket.conference_name, 24)
    page.ln(2)
    _line(page, ticket.ticket_type_name, 15)
    page.ln(6)
    _labelled(page, "Name", ticket.attendee.name)
    _labelled(page, "Valid from", local_time(ticket.valid_from, ticket.time_zone))
    _labelled(page, "Valid until", local_time(ticket.valid_until, ticket.time_zone))
    page.ln(4)
    _draw_code(page, ticket)
    _labelled(page, "Ticket", ticket.id)
    _labelled(page, "Order", ticket.order_id)
    page.ln(4)
    page.set_text_color(*_GREY)
    _line(page, "The code admits one person, whoever shows it first. Keep it to yourself, and show it at the door only.", 10)


def _font(family: str) -> str:
    if family == "WenQuanYi Micro Hei":
        return str(files("paperang_p2_fonts_cjk") / "fonts" / "wqy-microhei.ttc")
    return str(files(f"fontpkg_{family.lower().replace(' ', '_')}") / "files" / f"{family.replace(' ', '')}[wdth,wght].ttf")


def _line(page: "FPDF", text: str, size: int) -> None:
    page.set_font(_FAMILY, size=size)
    page.multi_cell(0, text=text, align="L", new_x="LMARGIN", new_y="NEXT")


def _labelled(page: "FPDF", label: str, text: str) -> None:
    page.set_text_color(*_GREY)
    _line(page, label, 9)
    page.set_text_color(0, 0, 0)
    _line(page, text, 13)
    page.ln(1.5)


def _draw_code(page: "FPDF", ticket: Ticket) -> None:
    if ticket.status == "cancelled":
        _line(page, "CANCELLED: this ticket does not open the door.", 18)
        return
    page.image(io.BytesIO(png(ticket.code, box=10)), w=_QR_WIDTH, alt_text="QR code of the ticket")
    page.ln(2)
