"""Text in iCalendar files (RFC 5545, 3.3.11): what somebody typed comes back as it was typed.

Import it where a file is made, not with the module: icalendar takes 0.1 s of CPU.
"""

import re

from icalendar import vText

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # text holds none but the tab and the line feed
_ESCAPED = str.maketrans({"\\": r"\\", ";": r"\;", ",": r"\,", "\n": r"\n"})


class CalendarText(vText):
    r"""Without control characters, which have no escape. vText itself would take a typed `\N` for the end of a line."""

    __slots__ = ()

    def __new__(cls, text: str) -> "CalendarText":
        return super().__new__(cls, _CONTROLS.sub(" ", text.replace("\r\n", "\n")))

    def to_ical(self) -> bytes:
        return self.translate(_ESCAPED).encode()
