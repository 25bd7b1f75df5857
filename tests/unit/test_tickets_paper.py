"""A printed ticket is read back: its code by a reader that is not ours, its words by another PDF library."""

import io
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from functions.tickets.codes import EntryCodes
from functions.tickets.domain import Attendee, Ticket
from functions.tickets.entry_code import EntryCode
from functions.tickets.paper import pdf
from shared import qr
from shared.ids import derived_id

OPENS = datetime(2026, 6, 1, 2, tzinfo=UTC)
ENTRY = EntryCode(
    key_id=1,
    ticket_id=derived_id("tkt", "1"),
    conference_id=derived_id("cnf", "1"),
    ticket_type_id=derived_id("typ", "1"),
    valid_from=OPENS,
    valid_until=OPENS + timedelta(days=2),
)
CODE = EntryCodes(b"root").sign(ENTRY)
TICKET = Ticket(
    id=ENTRY.ticket_id,
    conference_id=ENTRY.conference_id,
    conference_name="Ketemu Yogyakarta",
    order_id=derived_id("ord", "1"),
    ticket_type_id=ENTRY.ticket_type_id,
    ticket_type_name="Early bird",
    owner_id="usr_1",
    attendee=Attendee("Ada", "ada@example.org"),
    code=CODE,
    valid_from=OPENS,
    valid_until=OPENS + timedelta(days=2),
    issued_at=OPENS - timedelta(days=30),
    time_zone="Asia/Jakarta",
)


def named(name: str) -> Ticket:
    return replace(TICKET, attendee=Attendee(name, "x@example.org"))


def opened(document: bytes) -> pypdfium2.PdfPage:
    [page] = pypdfium2.PdfDocument(document)
    return page


def words(document: bytes) -> str:
    return str(opened(document).get_textpage().get_text_bounded())


def printed(document: bytes, dpi: int = 150) -> Image.Image:
    return opened(document).render(scale=dpi / 72).to_pil().convert("L")


def read(image: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)]


def test_a_ticket_is_one_page_of_a4() -> None:
    width, height = opened(pdf(TICKET)).get_size()
    assert (round(width), round(height)) == (595, 842)


def test_it_says_who_may_come_where_and_when_in_local_time() -> None:
    said = words(pdf(TICKET))
    for text in ("Ketemu Yogyakarta", "Early bird", "Ada", "1 June 2026, 09:00 (Asia/Jakarta)", TICKET.id, TICKET.order_id):
        assert text in said
    assert "ada@example.org" not in said


NAMES = [
    "Zoë Łukasiewicz",
    "Nguyễn Thị Ánh",
    "Ἑλένη Παπαδοπούλου",
    "Дарья Ёлкина",
    "प्रिया शर्मा",
    "สมชาย ใจดี",
    "محمد عبد الله",
    "王小明 歐陽",
    "山田 さくら カオリ",
    "김민수 박서연",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_printed_in_their_own_script(name: str) -> None:
    document = pdf(named(name))
    assert Counter(words(document)) >= Counter(name)  # in whatever order: Arabic is drawn from the right
    assert read(printed(document)) == [CODE]


@pytest.mark.parametrize("name", NAMES)
def test_no_letter_of_a_name_is_blank_or_the_mark_of_a_missing_one(name: str) -> None:
    letter = name.split()[0][:1]
    shown, missing, nothing = (printed(pdf(named(each * 12))).histogram()[0] for each in (letter, "\ue000", " "))
    assert shown > nothing + 50
    assert abs(shown - missing) > 50


@pytest.mark.parametrize("dpi", [72, 150, 300])
def test_the_code_is_read_from_the_print(dpi: int) -> None:
    assert read(printed(pdf(TICKET), dpi)) == [CODE]


def test_the_code_is_read_from_a_photo_of_the_print() -> None:
    photo = printed(pdf(TICKET)).rotate(4, expand=True, fillcolor=255)
    jpeg = io.BytesIO()
    photo.save(jpeg, "JPEG", quality=40)
    assert read(Image.open(jpeg)) == [CODE]


def test_a_cancelled_ticket_is_printed_without_a_code() -> None:
    cancelled = pdf(replace(TICKET, status="cancelled"))
    assert "CANCELLED" in words(cancelled)
    assert read(printed(cancelled)) == []


def test_tickets_of_one_order_are_a_page_each() -> None:
    entry = replace(ENTRY, ticket_id=derived_id("tkt", "2"))
    other = replace(TICKET, id=entry.ticket_id, code=EntryCodes(b"root").sign(entry), attendee=Attendee("สมชาย ใจดี", "x"))
    pages = list(pypdfium2.PdfDocument(pdf(TICKET, other)))
    assert [read(page.render(scale=2).to_pil().convert("L")) for page in pages] == [[TICKET.code], [other.code]]
    assert ["Ada" in page.get_textpage().get_text_bounded() for page in pages] == [True, False]


def test_long_names_stay_on_the_page() -> None:
    long = replace(TICKET, conference_name="Konferensi " * 18, ticket_type_name="Super " * 30, attendee=Attendee("Ada " * 25, "x"))
    assert read(printed(pdf(long))) == [CODE]


@pytest.mark.parametrize("level", ["L", "M", "Q", "H"])
@pytest.mark.parametrize("quality", [20, 50, 90])
@pytest.mark.parametrize(("scale", "degrees"), [(0.5, 0), (1, 11), (1.7, 90), (0.75, 200)])
def test_an_entry_code_is_read_scaled_turned_and_compressed(level: qr.Level, quality: int, scale: float, degrees: int) -> None:
    image = Image.open(io.BytesIO(qr.png(CODE, level=level))).convert("L")
    image = image.resize((round(image.width * scale), round(image.height * scale)))
    jpeg = io.BytesIO()
    image.rotate(degrees, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=255).save(jpeg, "JPEG", quality=quality)
    assert read(Image.open(jpeg)) == [CODE]
