"""How the people of a play ask the API: each with a token of their own, and again where an answer does not decide."""

import csv
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from localstack.client import NeverHappened, Person, Surprise, must, until_decided, wait_until

T = TypeVar("T")

_LISTED = ("name", "company", "title", "email", "phone", "links", "fields")  # columns of a CSV file that somebody's card fills


class Asking:
    def __init__(self, people: Mapping[str, Person], names: Mapping[str, str], concurrency: int) -> None:
        self.people, self.names, self.concurrency = people, names, concurrency
        self.conference_id = ""

    def ask(self, who: str, method: str, path: str, body: Any = None, *, or_else: int = 200) -> Any:
        """Raises Surprise for a failure that is not `or_else`."""
        answer = self.answer(who, method, path, body)
        if answer.is_error and answer.status_code != or_else:
            raise Surprise(f"{method} {path} of {self.names[who]}", 200, answer)
        return answer.json() if answer.content else {}

    def answer(self, who: str, method: str, path: str, body: Any = None) -> httpx.Response:
        person = self.people[who]
        headers = {**person.credential(), "Idempotency-Key": uuid4().hex}
        return until_decided(lambda: person.http.request(method, f"{person.api_url}{path}", json=body, headers=headers))

    def listed(self, who: str, path: str, query: str = "") -> list[Any]:
        found, cursor = [], ""
        while True:
            page = self.ask(who, "GET", f"{path}?limit=100&{query}{cursor}")
            found += page["items"]
            if not page["next_cursor"]:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    def exported(self, who: str, path: str) -> dict[tuple[str, ...], bool]:
        """The lines of a CSV file; a text that a spreadsheet would take for a formula has a ' before it."""
        lines = csv.DictReader(self.answer(who, "GET", path).text.removeprefix("\ufeff").splitlines())
        return {tuple(line[column].removeprefix("'") for column in _LISTED): True for line in lines}

    def card(self, who: str, card: dict[str, Any]) -> str:
        """The code that shows it, once they attend."""
        return str(wait_until(partial(self._put_card, who, card), f"{self.names[who]}'s ticket"))

    def _put_card(self, who: str, card: dict[str, Any]) -> str | None:
        answer = self.ask(who, "PUT", f"/contacts/card?conference_id={self.conference_id}", card, or_else=422)
        return str(answer["code"]) if "code" in answer else None

    def all_at_once(self, act: Callable[[T], Any], each: Iterable[T]) -> list[Any]:
        with ThreadPoolExecutor(self.concurrency) as pool:
            return list(pool.map(act, each))

    def compare(self, when: str, whom: Iterable[str], differences: Callable[[str], list[str]]) -> None:
        """What each sees, once copies follow changed cards, with what the model says. Raises Unexpected with the differences."""
        different = {who: ["not looked at"] for who in whom}

        def same() -> bool:
            looks = self.all_at_once(differences, list(different))
            for who, found in zip(list(different), looks, strict=True):
                different[who] = found
                if not found:
                    del different[who]
            return not different

        try:
            wait_until(same, when)
        except NeverHappened:
            named = [f"{self.names.get(who, who)}: {each}" for who, found in different.items() for each in found]
            must(False, f"{when}, {len(different)} see something else than the model says:\n" + "\n".join(named[:20]))

    def unlike(self, looks: Mapping[str, tuple[dict[Any, Any], dict[Any, Any]]]) -> list[str]:
        """Of each thing that was looked at: what is seen where the model says otherwise."""
        found: list[str] = []
        for what, (seen, said) in looks.items():
            keys = [key for key in sorted(seen.keys() | said.keys(), key=str) if seen.get(key) != said.get(key)]
            found += [f"{what}, {self.names.get(key, key)}: sees {seen.get(key)}, the model says {said.get(key)}" for key in keys]
        return found


def exported_as(shows: dict[str, Any]) -> tuple[str, ...]:
    """The line of a CSV file that shows this."""
    links, seeks = " ".join(shows.get("links", [])), shows.get("fields.Seeks")
    plain = (shows.get(key, "") for key in ("name", "company", "title", "email", "phone"))
    return (*plain, links, f"Seeks: {seeks}" if seeks else "")


def shown_in(contact: dict[str, Any]) -> dict[str, Any]:
    """What a contact or a lead shows, as the model has it."""
    shows = {key: contact[key] for key in ("name", "company", "title", "email", "phone", "links") if contact[key]}
    return shows | {f"fields.{each['label']}": each["value"] for each in contact["fields"]}
