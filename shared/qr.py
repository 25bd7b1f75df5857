"""QR codes as pictures. Payloads stay in the QR alphanumeric set (0-9 A-Z space $%*+-./:), which needs 5.5 bits a character."""

import io
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from segno import QRCode

Level = Literal["L", "M", "Q", "H"]  # recovers about 7, 15, 25, 30 % of the symbol (ISO/IEC 18004)
_QUIET_ZONE = 4  # modules of white on every side, as the standard asks for
# Of the eight patterns that may be laid over a symbol the standard has all drawn and the plainest taken, for half of what drawing
# costs. Signed codes are as good as random, so one does as well: blurred, shrunk, turned and compressed it was read as often.
_MASK = 6


def png(payload: str, *, box: int = 8, level: Level = "M") -> bytes:
    """A PNG, `box` pixels a module, quiet zone included."""
    out = io.BytesIO()
    _symbol(payload, level).save(out, kind="png", scale=box, border=_QUIET_ZONE)
    return out.getvalue()


def svg(payload: str, *, box: int = 8, level: Level = "M") -> bytes:
    """An SVG of one path that scales to any size; `box` tenths of a millimetre a module."""
    out = io.BytesIO()
    _symbol(payload, level).save(out, kind="svg", scale=box / 10, unit="mm", border=_QUIET_ZONE, light="white")
    return out.getvalue()


def terminal(payload: str, *, level: Level = "M") -> str:
    """The code drawn with block characters, dark on light, for a terminal."""
    out = io.StringIO()
    _symbol(payload, level).terminal(out, border=_QUIET_ZONE, compact=True)
    return out.getvalue()


def _symbol(payload: str, level: Level) -> "QRCode":
    import segno

    return segno.make_qr(payload, error=level, boost_error=False, mask=_MASK)
