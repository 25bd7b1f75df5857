"""Which keys the door knows: it looks one up when a token names one it has not seen, now and then, and never often."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from functions.auth.keyset import KeySet
from functions.gateway.keys import KeysUnknown, PublicKeys

ARN = "arn:aws:execute-api:eu-central-1:000000000000:abc123/v1/GET/orders"
NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)


class Published:
    """What the API publishes, and how often it was asked."""

    def __init__(self) -> None:
        self.keys = KeySet.generate(NOW)
        self.rotations = 0
        self.asked: list[str] = []
        self.broken = False
        self.time = 0.0

    def rotate(self) -> None:
        self.rotations += 1
        self.keys = self.keys.rotated(NOW + self.rotations * timedelta(days=30))

    def read(self, url: str) -> str:
        self.asked.append(url)
        if self.broken:
            raise OSError
        return self.keys.jwks()

    def door(self, address: str = "https://{api}.example.org/v1") -> PublicKeys:
        return PublicKeys(self.keys.jwks(), address, self.read, lambda: self.time)


@pytest.fixture
def published() -> Published:
    return Published()


def test_the_keys_of_the_deployment_are_known_without_a_look_up(published: Published) -> None:
    door = published.door()
    for kid in (published.keys.current, published.keys.next):
        assert door.get(kid, ARN)
    assert published.asked == []


def test_tokens_of_before_during_and_after_rotations_verify(published: Published) -> None:
    door, signed_by = published.door(), []
    for _ in range(5):
        signed_by.append(published.keys.current)
        assert door.get(published.keys.current, ARN)
        before = published.keys.current
        published.rotate()
        published.time += 10
        assert door.get(before, ARN)
        assert door.get(published.keys.current, ARN)
    assert len(set(signed_by)) == 5
    assert published.asked == ["https://abc123.example.org/v1/.well-known/jwks.json"] * len(published.asked)
    assert 0 < len(published.asked) <= 5


def test_an_address_of_ones_own_is_used_as_it_is(published: Published) -> None:
    door = published.door("https://tickets.example.org")
    published.rotate()
    assert door.get(published.keys.next, ARN)
    assert published.asked == ["https://tickets.example.org/.well-known/jwks.json"]


def test_tokens_that_name_keys_at_random_cause_one_look_up_in_five_seconds(published: Published) -> None:
    door = published.door()
    for number in range(1_000):
        published.time = number / 100
        assert door.get(f"guess-{number}", ARN) is None
    assert len(published.asked) == 2


def test_a_flood_of_unknown_keys_does_not_keep_a_new_one_out(published: Published) -> None:
    """The next key was published before: any look-up since then, even one for a guess, has found it."""
    door = published.door()
    published.rotate()
    assert door.get("guess", ARN) is None
    published.rotate()
    assert door.get("guess", ARN) is None  # within five seconds: not looked up
    assert door.get(published.keys.current, ARN)
    assert len(published.asked) == 1


def test_a_key_that_is_no_longer_published_is_forgotten_within_the_hour(published: Published) -> None:
    door, retired = published.door(), published.keys.current
    for _ in range(2):
        published.rotate()
    published.time = 3_599
    assert door.get(retired, ARN)
    published.time = 3_600
    assert door.get(retired, ARN) is None


@pytest.mark.parametrize("answer", ["", "<html>", "[]", "{}", '{"keys": [{}]}', '{"keys": [{"kid": "k", "kty": "OKP"}]}'])
def test_what_is_no_key_set_changes_nothing(published: Published, answer: str) -> None:
    door = PublicKeys(published.keys.jwks(), "https://api.example.org", lambda _: answer, lambda: published.time)
    with pytest.raises(KeysUnknown):
        door.get("unknown", ARN)
    assert door.get(published.keys.current, ARN)


def test_while_keys_cannot_be_read_a_token_is_not_refused_but_tried_again(published: Published) -> None:
    door = published.door()
    published.rotate()
    published.rotate()
    published.broken = True
    with pytest.raises(KeysUnknown):
        door.get(published.keys.current, ARN)
    published.broken, published.time = False, 5
    assert door.get(published.keys.current, ARN)


def test_what_is_known_stays_good_while_keys_cannot_be_read(published: Published) -> None:
    door = published.door()
    published.broken, published.time = True, 7_200
    assert door.get(json.loads(published.keys.jwks())["keys"][0]["kid"], ARN)
