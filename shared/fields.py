"""Kinds of values that several contexts are sent, as pydantic annotates them: bounded, and nothing that breaks a line."""

from typing import Annotated

from pydantic import Field

# No control characters (C0, C1) and none of Unicode's line separators: what goes into a header, a log line or a list as it is.
ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"
# A mailbox as people type it: one @, a dot in the domain, nothing that a mail header gives a meaning to.
_PLAIN = r"[^@\s\x00-\x20\x7f-\x9f<>,;:\"()\[\]\\]"
MAILBOX = rf"^{_PLAIN}+@{_PLAIN}+\.{_PLAIN}+$"

PersonName = Annotated[str, Field(min_length=1, max_length=100, pattern=ONE_LINE, description="No control characters")]
Title = Annotated[str, Field(min_length=1, max_length=200, pattern=ONE_LINE, description="No control characters")]
Email = Annotated[str, Field(max_length=254, pattern=MAILBOX)]
