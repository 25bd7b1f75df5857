"""The rules of accounts and sessions."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.auth.bearer import BearerToken
from functions.auth.domain import (
    BadCredentials,
    EmailTaken,
    EmailUnchanged,
    Session,
    SessionRevoked,
    UnknownUser,
    User,
    normal_email,
)
from shared.errors import Problem

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
ADA = User("usr_ada", "ada@example.org", "Ada", {}, NOW)


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada.Lovelace+conf@Example.ORG\n", "ada.lovelace+conf@example.org"),
        ("o'neil_%x@sub-domain.example.co.uk", "o'neil_%x@sub-domain.example.co.uk"),
        ("a@xn--mller-kva.example", "a@xn--mller-kva.example"),
        (f"{'a' * 64}@example.org", f"{'a' * 64}@example.org"),
    ],
)
def test_an_account_is_found_by_one_spelling_of_its_email(typed: str, normal: str) -> None:
    assert normal_email(typed) == normal


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "ada@localhost",
        "ada@example..org",
        "ada@-example.org",
        "ada@example.org.",
        "ada@@example.org",
        "ada lovelace@example.org",
        "ada@example.org\nbcc:eve@example.org",
        "ada@exa_mple.org",
        "ädä@example.org",
        "ada@exam\u212aple.org",  # the Kelvin sign, which becomes an ASCII k in lower case
        f"{'a' * 65}@example.org",
        f"ada@{'a' * 64}.org",
    ],
)
def test_what_is_no_email_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="such as"):
        normal_email(typed)


@given(st.emails())
def test_a_normal_email_stays_as_it_is(email: str) -> None:
    try:
        normal = normal_email(email)
    except ValueError:
        return  # legal by RFC 5322, such as a longer part before the @
    assert normal_email(normal) == normal
    assert normal == normal.lower()


def test_a_refresh_token_carries_256_random_bits_and_no_two_are_alike() -> None:
    tokens = [Session.open(ADA, "curl/8", NOW)[1] for _ in range(50)]
    assert all(len(base64.urlsafe_b64decode(token.secret + "=")) == 32 for token in tokens)
    assert len({token.secret for token in tokens}) == len({token.opens for token in tokens}) == 50


def test_a_session_keeps_only_the_hash_of_its_token() -> None:
    session, token = Session.open(ADA, "curl/8", NOW)
    assert token.secret not in (session.token_digest, repr(session), repr(token))
    assert session.accepts(BearerToken.parse(str(token)))


def test_only_the_latest_token_of_a_session_is_good() -> None:
    session, first = Session.open(ADA, "curl/8", NOW)
    renewed, second = session.renew(NOW)
    assert renewed.session_id == session.session_id
    assert not renewed.accepts(first)
    assert renewed.accepts(second)


def test_a_session_lasts_thirty_days_from_its_last_refresh() -> None:
    session, _ = Session.open(ADA, "curl/8", NOW)
    assert session.expires_at == NOW + timedelta(days=30)
    assert session.renew(NOW + timedelta(days=10))[0].expires_at == NOW + timedelta(days=40)


@given(st.text(max_size=200))
def test_no_text_passes_for_a_token(text: str) -> None:
    session, _ = Session.open(ADA, "curl/8", NOW)
    assert not session.accepts(BearerToken.parse(text))


def test_a_session_is_its_users_and_says_by_what_and_when_it_was_opened() -> None:
    session, token = Session.open(replace(ADA, generation=3), "curl/8", NOW)
    assert session.session_id.startswith("ssn_")
    assert (session.user_id, token.user_id) == ("usr_ada", "usr_ada")
    assert (session.device, session.created_at, session.used_at, session.generation) == ("curl/8", NOW, NOW, 3)


def test_a_refresh_shows_when_a_session_was_used_last() -> None:
    session, _ = Session.open(ADA, "curl/8", NOW)
    renewed, token = session.renew(NOW + timedelta(days=10))
    assert (renewed.created_at, renewed.used_at) == (NOW, NOW + timedelta(days=10))
    assert (token.user_id, token.opens) == ("usr_ada", session.session_id)


@pytest.mark.parametrize(
    ("revoked", "generation", "after", "alive"),
    [
        (False, 0, timedelta(0), True),
        (False, 0, timedelta(days=30) - timedelta(seconds=1), True),
        (False, 0, timedelta(days=30), False),
        (True, 0, timedelta(0), False),
        (False, 1, timedelta(0), False),
        (True, 1, timedelta(0), False),
    ],
)
def test_a_session_lives_until_it_expires_is_revoked_or_all_are_ended(
    revoked: bool,  # a parameter
    generation: int,
    after: timedelta,
    alive: bool,
) -> None:
    session, _ = Session.open(ADA, "curl/8", NOW)
    assert replace(session, revoked=revoked).is_alive(replace(ADA, generation=generation), NOW + after) is alive


def test_a_revoked_session_accepts_not_even_its_latest_token() -> None:
    session, token = Session.open(ADA, "curl/8", NOW)
    assert not replace(session, revoked=True).accepts(token)


@pytest.mark.parametrize(
    ("refusal", "next_step"),
    [
        (EmailTaken, "POST /auth/login"),
        (EmailUnchanged, "POST /auth/email/verification"),
        (BadCredentials, "POST /auth/register"),
        (SessionRevoked, "POST /auth/login"),
        (lambda: UnknownUser("usr_ada"), "POST /auth/register"),
    ],
)
def test_a_refusal_says_where_to_go_on(refusal: Callable[[], Problem], next_step: str) -> None:
    assert next_step in refusal().detail
