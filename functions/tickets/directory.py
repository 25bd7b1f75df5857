"""How a ticket is found whose holder has lost it: by how a word of the name or the e-mail address begins, or by its order."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from functions.tickets.domain import Ticket, ticket_id
from shared.errors import Invalid

SHORTEST = 3  # letters; with fewer, half the guests are found
_WORDS = 6  # of a name that are listed
_ORDER = re.compile(r"ord_[0-9A-HJKMNP-TV-Z]{26}", re.IGNORECASE)

What = Literal["name", "email", "order"]


def folded(text: str) -> str:
    """As people type it: no case, no accents, single spaces."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter))
    return " ".join(plain.split())


@dataclass(frozen=True, slots=True, order=True)
class Listing:
    """Where a ticket stands in the directory: under the first three letters of `text`, so that no key holds everybody."""

    what: What
    text: str

    @property
    def initials(self) -> str:
        return self.text[:SHORTEST]


def listings(ticket: Ticket) -> list[Listing]:
    """The name from each of its words on, and the address. What is shorter than three letters is not found by it."""
    words = folded(ticket.attendee.name).split()
    names = {" ".join(words[place:]) for place in range(min(len(words), _WORDS))}
    found = {Listing("name", name) for name in names} | {Listing("email", folded(ticket.attendee.email))}
    return sorted(each for each in found if len(each.text) >= SHORTEST)


@dataclass(frozen=True, slots=True)
class Query:
    what: What
    text: str

    @classmethod
    def parse(cls, text: str) -> "Query":
        """Raises Invalid for less than three letters."""
        if _ORDER.fullmatch(text.strip()):
            return cls("order", f"ord_{text.strip()[4:].upper()}")
        plain = folded(text)
        if len(plain) < SHORTEST:
            raise Invalid(f"Type at least {SHORTEST} letters of a name or of an e-mail address, or a whole order number.")
        return cls("email" if "@" in plain else "name", plain)

    def fits(self, ticket: Ticket) -> bool:
        """Whether it (still) is what was looked for."""
        if self.what == "order":
            return ticket.order_id == self.text
        return any(each.what == self.what and each.text.startswith(self.text) for each in listings(ticket))


def masked(address: str) -> str:
    """Enough to tell two people of one name apart, and not enough to write to them."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}…@{domain}"


def tickets_of_order(order_id: str, issued: int) -> list[str]:
    return [ticket_id(order_id, number) for number in range(1, issued + 1)]
