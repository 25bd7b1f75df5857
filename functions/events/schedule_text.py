"""The text of schedule files: abstracts are HTML in one system and plain text in the next, and become plain text here."""

import html
import re
from collections.abc import Iterator


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_COMMENT_OR_TAG = re.compile(r"<!--[^<>]*-->|<(/?)([A-Za-z][A-Za-z0-9]*)(?:\s[^<>]*)?/?>")  # linear: stops at the next bracket
_PARAGRAPHS = words(
    "address article blockquote div dl figure footer form h1 h2 h3 h4 h5 h6 header hr main ol p pre section table ul"
)
_LINES = words("br caption dd dt figcaption option tr")
_SILENT = words("head noscript script style template title")  # what is between their tags is not text
_INLINE = words(
    "a abbr acronym aside b big body button center cite code col colgroup del details em embed font html i iframe img input "
    "ins kbd label link mark meta nav nobr object q s samp select small source span strike strong sub summary sup svg tbody "
    "td textarea tfoot th thead time tt u var video audio wbr"
)
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  # a lone surrogate is no character


def line(value: object) -> str:
    """A title or a name: one line. Empty where `value` is no text."""
    return " ".join(_UNPRINTABLE.sub("", value).split()) if isinstance(value, str) else ""


def prose(value: object) -> str:
    """Text without the HTML that may be in it; what only looks like a tag stays. Empty where `value` is no text."""
    if not isinstance(value, str):
        return ""
    text = _UNPRINTABLE.sub("", "".join(_pieces(value.replace("\r\n", "\n").replace("\r", "\n"))))
    lines = "\n".join(each.rstrip() for each in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def as_html(text: str | None) -> str:
    """What `prose` reads as `text`."""
    return html.escape(text or "", quote=False)


def shortened(text: str, longest: int) -> str:
    """At most `longest` characters, the last one an ellipsis where some are left out."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _pieces(source: str) -> Iterator[str]:
    position, silent = 0, ""
    for tag in _COMMENT_OR_TAG.finditer(source):
        if not silent:
            yield html.unescape(source[position : tag.start()])
        position = tag.end()
        closes, name = tag.group(1), (tag.group(2) or "").lower()
        if silent:
            silent = "" if closes and name == silent else silent
        elif name in _SILENT:
            silent = "" if closes else name
        else:
            yield _instead_of(tag.group(), closes, name)
    if not silent:
        yield html.unescape(source[position:])


def _instead_of(tag: str, closes: str | None, name: str) -> str:
    if name in _PARAGRAPHS:
        return "\n\n"
    if name in _LINES:
        return "\n"
    if name == "li":
        return "" if closes else "\n- "
    return "" if not name or name in _INLINE else tag
