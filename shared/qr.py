"""QR codes as pictures. Payloads stay in the QR alphanumeric set (0-9 A-Z space $%*+-./:), which needs 5.5 bits a character."""

import io
from typing import Literal

Level = Literal["L", "M", "Q", "H"]  # recovers about 7, 15, 25, 30 % of the symbol (ISO/IEC 18004)


def png(payload: str, *, box: int = 8, level: Level = "M") -> bytes:
    """A PNG, `box` pixels a module, with the quiet zone of 4 modules that the standard asks for."""
    from qrcode.image.pil import PilImage

    out = io.BytesIO()
    _symbol(payload, box, level).make_image(image_factory=PilImage).save(out, "PNG", optimize=True)
    return out.getvalue()


def svg(payload: str, *, box: int = 8, level: Level = "M") -> bytes:
    """An SVG of one path that scales to any size."""
    from qrcode.image.svg import SvgPathFillImage

    out = io.BytesIO()
    _symbol(payload, box, level).make_image(image_factory=SvgPathFillImage).save(out)
    return out.getvalue()


def terminal(payload: str, *, level: Level = "M") -> str:
    """The code drawn with block characters, dark on light, for a terminal."""
    out = io.StringIO()
    _symbol(payload, 1, level).print_ascii(out=out, invert=True)
    return out.getvalue()


def _symbol(payload: str, box: int, level: Level):  # type: ignore[no-untyped-def]  # qrcode's QRCode is generic over its image
    import qrcode

    symbol = qrcode.QRCode(error_correction=getattr(qrcode, f"ERROR_CORRECT_{level}"), box_size=box, border=4)
    symbol.add_data(payload)
    symbol.make(fit=True)
    return symbol
