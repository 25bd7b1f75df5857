"""What is known of whom a team sends goes with its person, and the team stays: their card, which others have of the team, and
their name beside what they scanned for it."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from functions.contacts.cards import Profile
from functions.contacts.domain import Contact
from functions.contacts.use_cases import Exchanges, changed_meanwhile
from shared.nobody import NOBODY


class Members(Exchanges, Protocol):
    def with_member(self, user_id: str) -> Iterable[Contact]:
        """Where the person is seen for their team, or named as one of it. Reads the whole table."""


def forget_member(members: Members, *, user_id: str) -> None:
    """May be repeated. Raises Busy."""
    for contact in members.with_member(user_id):
        after = _without(contact, user_id)
        if after != contact and not members.keep(contact, after):
            raise changed_meanwhile()


def _without(contact: Contact, user_id: str) -> Contact:
    is_seen = contact.profile is not None and contact.face_id == user_id
    colleagues = {each: name for each, name in contact.colleagues.items() if each != user_id}
    return replace(contact, profile=Profile(NOBODY) if is_seen else contact.profile, colleagues=colleagues)
