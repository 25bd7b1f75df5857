"""QR codes as pictures. Payloads stay in the QR alphanumeric set (0-9 A-Z space $%*+-./:), which needs 5.5 bits a character."""

import io
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from qrcode.image.pil import PilImage
    from qrcode.image.pure import PyPNGImage
    from qrcode.main import QRCode

Level = Literal["L", "M", "Q", "H"]  # recovers about 7, 15, 25, 30 % of the symbol (ISO/IEC 18004)
_QUIET_ZONE = 4  # modules of white on every side, as the standard asks for
# Of ISO/IEC 18004's eight. The standard draws all and takes the one that looks least regular, which is eight times the work; any
# is as valid, and payloads of random characters give none anything regular to hide: this one was read as often as the plainest.
_MASK = 6


def png(payload: str, *, box: int = 8, level: Level = "M") -> bytes:
    """A PNG, `box` pixels a module, quiet zone included."""
    from qrcode.image.pil import PilImage

    out = io.BytesIO()
    _symbol(payload, box, level).make_image(image_factory=PilImage).save(out, "PNG", optimize=True)
    return out.getvalue()


def svg(payload: str, *, box: int = 8, level: Level = "M") -> bytes:
    """An SVG of one path that scales to any size; `box` tenths of a millimetre a module."""
    from qrcode.image.svg import SvgPathFillImage

    out = io.BytesIO()
    _symbol(payload, box, level).make_image(image_factory=SvgPathFillImage).save(out)
    return out.getvalue()


def terminal(payload: str, *, level: Level = "M") -> str:
    """The code drawn with block characters, dark on light, for a terminal."""
    out = io.StringIO()
    _symbol(payload, 1, level).print_ascii(out=out, invert=True)
    return out.getvalue()


def _symbol(payload: str, box: int, level: Level) -> "QRCode[PilImage | PyPNGImage]":
    import qrcode

    correction = {
        "L": qrcode.ERROR_CORRECT_L,
        "M": qrcode.ERROR_CORRECT_M,
        "Q": qrcode.ERROR_CORRECT_Q,
        "H": qrcode.ERROR_CORRECT_H,
    }
    symbol = qrcode.QRCode(error_correction=correction[level], box_size=box, border=_QUIET_ZONE, mask_pattern=_MASK)
    symbol.add_data(payload)
    symbol.make(fit=True)
    return symbol
