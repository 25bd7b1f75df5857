"""The card of whom a team sends is what others have of the team: it goes with its person, and the team stays."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from functions.contacts.cards import Profile
from functions.contacts.domain import Contact
from functions.contacts.use_cases import Exchanges, changed_meanwhile
from shared.personal import NOBODY


class Faces(Exchanges, Protocol):
    def with_face(self, user_id: str) -> Iterable[Contact]:
        """Where the person is seen for their team. Reads the whole table."""


def forget_face(faces: Faces, *, user_id: str) -> None:
    """May be repeated. Raises Busy."""
    for contact in faces.with_face(user_id):
        if contact.profile and not faces.keep(contact, replace(contact, profile=Profile(NOBODY))):
            raise changed_meanwhile()
