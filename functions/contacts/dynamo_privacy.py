"""What no key leads to: found by reading the whole table, as an erasure is. Apart from what the API imports."""

from collections.abc import Callable, Iterator

from functions.contacts.domain import Contact
from functions.contacts.dynamo import DynamoExchanges
from shared.errors import JsonObject
from shared.personal import items


class DynamoPrivacy(DynamoExchanges):
    def with_member(self, user_id: str) -> Iterator[Contact]:
        """A face is kept only where it is not the other's own."""
        return self._all(lambda item: item.get("face_id") == user_id or f'"{user_id}"' in item.get("colleagues", ""))

    def leads_of(self, conference_id: str) -> Iterator[Contact]:
        return self._all(lambda item: item["kind"] == "Lead" and item.get("conference_id") == conference_id)

    def _all(self, wanted: Callable[[JsonObject], bool]) -> Iterator[Contact]:
        for item in items():
            if wanted(item) and (contact := self.contact(item["pk"].partition("#")[2], item["sk"].partition("#")[2])):
                yield contact
