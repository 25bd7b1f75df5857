"""The platform over HTTP, as far as a scanner needs it."""

from typing import Any

import httpx


class Unreachable(Exception):
    """No network, no answer in time, or an answer that says to come again later."""


class Refused(Exception):
    """The platform understood and does not want: the credential was revoked, say. Nothing that waiting would mend."""


class NoSuchCode(Exception):
    """What was scanned is not a code of the platform's."""


class Platform:
    """`credential` is what pairing gave. `seconds` is how long a person at the door waits before the scanner decides by itself."""

    def __init__(self, api_url: str, conference_id: str, credential: str, *, seconds: float = 3.0) -> None:
        self._conference_id = conference_id
        self._http = httpx.Client(
            base_url=api_url.rstrip("/"), headers={"Authorization": f"Device {credential}"}, timeout=httpx.Timeout(seconds)
        )
        self._patient = httpx.Timeout(30.0)  # for what nobody waits for at the door

    def check_in(self, scan: dict[str, Any]) -> dict[str, Any] | None:
        """None for what is no code of the platform's."""
        try:
            return self._call("POST", "/tickets/check-in", json=scan)
        except NoSuchCode:
            return None

    def hand_in(self, scans: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = self._call("POST", "/tickets/check-in/batch", json={"scans": scans}, timeout=self._patient)[
            "results"
        ]
        return answers

    def offline(self, cursor: str | None) -> dict[str, Any]:
        asked = {"cursor": cursor} if cursor else {}
        return self._call("GET", f"/tickets/conferences/{self._conference_id}/offline", params=asked, timeout=self._patient)

    def close(self) -> None:
        self._http.close()

    def _call(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        """Raises Unreachable, Refused."""
        try:
            answer = self._http.request(method, path, **how)
            if answer.status_code in (409, 429) or answer.status_code >= 500:
                raise Unreachable(answer.status_code)
            if answer.status_code == 404 and "unknown-code" in answer.text:
                raise NoSuchCode
            if answer.is_error:
                raise Refused(f"{answer.status_code}: {answer.text[:300]}")
            told: dict[str, Any] = answer.json()
        except (httpx.TransportError, ValueError) as failure:  # ValueError: cut off in the middle of JSON
            raise Unreachable from failure
        return told


def pair(api_url: str, code: str) -> tuple[str, str]:
    """The conference's id and the credential, for the text of a pairing QR code. Raises httpx.HTTPError."""
    answer = httpx.post(f"{api_url.rstrip('/')}/tickets/devices/pair", json={"code": code}, timeout=10)
    answer.raise_for_status()
    told = answer.json()
    return str(told["device"]["conference_id"]), str(told["credential"])
