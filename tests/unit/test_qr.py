"""A code that is drawn can be read: by a reader that is not ours, small, large, turned and blurred."""

import io
import xml.etree.ElementTree as ET

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from shared import qr

ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
CODE = "KETEMU:E1:" + "AEBC234567" * 19 + "AEBCQZ"  # as long as an entry code


def picture(payload: str, box: int = 8, level: qr.Level = "M") -> Image.Image:
    return Image.open(io.BytesIO(qr.png(payload, box=box, level=level))).convert("L")


def read(image: Image.Image) -> str:
    [found] = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
    return found.text


@settings(max_examples=30, deadline=None)
@given(st.text(ALPHANUMERIC, min_size=1, max_size=250), st.integers(2, 10), st.sampled_from(["L", "M", "Q", "H"]))
def test_what_is_drawn_is_what_is_read(payload: str, box: int, level: qr.Level) -> None:
    assert read(picture(payload, box, level)) == payload


@pytest.mark.parametrize("box", [1, 2, 8, 40])
def test_a_module_is_as_many_pixels_as_asked_and_the_quiet_zone_is_four_modules(box: int) -> None:
    image = picture(CODE, box)
    modules = 49 + 2 * 4  # version 8
    assert image.size == (modules * box, modules * box)
    assert image.crop((0, 0, modules * box, 4 * box)).getextrema() == (255, 255)
    assert image.getpixel((4 * box, 4 * box)) == 0


@pytest.mark.parametrize("scale", [0.5, 0.75, 1.5, 3.1])
def test_it_reads_at_other_sizes(scale: float) -> None:
    image = picture(CODE)
    assert read(image.resize((round(image.width * scale), round(image.height * scale)))) == CODE


@pytest.mark.parametrize("degrees", [7, 45, 90, 180, 213])
def test_it_reads_when_turned(degrees: int) -> None:
    assert read(picture(CODE).rotate(degrees, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=255)) == CODE


def test_it_reads_out_of_focus() -> None:
    assert read(picture(CODE).filter(ImageFilter.GaussianBlur(3))) == CODE


def test_it_reads_with_a_thumb_on_it() -> None:
    image = picture(CODE)
    ImageDraw.Draw(image).ellipse((250, 250, 310, 310), fill=128)
    assert read(image) == CODE


@pytest.mark.parametrize("box", [1, 8])
def test_the_vector_picture_has_the_same_modules(box: int) -> None:
    root = ET.fromstring(qr.svg(CODE, box=box))  # noqa: S314  # our own text
    width = float(root.attrib["viewBox"].split()[2])
    path = next(element.attrib["d"] for element in root.iter() if element.tag.endswith("path"))
    assert read(rastered(path, width)) == CODE


def rastered(path: str, width: float) -> Image.Image:
    """The squares of a path such as `M3.2,3.2H4V4H3.2z`, drawn 400 pixels wide."""
    scale = 400 / width
    image = Image.new("L", (400, 400), 255)
    for square in filter(None, path.replace("\n", "").split("M")):
        corner, _, rest = square.partition("H")
        left, top = (float(number) for number in corner.split(","))
        right, bottom = (float(number) for number in rest.partition("H")[0].split("V"))
        ImageDraw.Draw(image).rectangle([left * scale, top * scale, right * scale - 1, bottom * scale - 1], fill=0)
    return image


def test_the_terminal_drawing_reads_too() -> None:
    lines = qr.terminal(CODE).splitlines()
    halves = {" ": (0, 0), "▀": (255, 0), "▄": (0, 255), "█": (255, 255)}
    image = Image.new("L", (len(lines[0]), 2 * len(lines)))
    for row, line in enumerate(lines):
        for column, character in enumerate(line.replace("\xa0", " ")):
            for half, shade in enumerate(halves[character]):
                image.putpixel((column, 2 * row + half), shade)
    assert read(image.resize((image.width * 6, image.height * 6), Image.Resampling.NEAREST)) == CODE
