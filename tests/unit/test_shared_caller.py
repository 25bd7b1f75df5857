"""A role holds in the conference it was given in, and nowhere else."""

import pytest

from shared.caller import Caller
from shared.errors import Forbidden

ADA = Caller("usr_ada", "ada@example.org", "Ada", {"cnf_1": "organizer", "cnf_2": "speaker"})


def test_a_role_opens_what_asks_for_it() -> None:
    ADA.require("cnf_1", "staff", "organizer")


@pytest.mark.parametrize(("conference", "roles"), [("cnf_2", ("organizer",)), ("cnf_3", ("organizer",)), ("cnf_1", ())])
def test_another_role_or_conference_does_not(conference: str, roles: tuple[str, ...]) -> None:
    assert not ADA.is_any(conference, *roles)  # type: ignore[arg-type]  # roles as text
    with pytest.raises(Forbidden):
        ADA.require(conference, *roles)  # type: ignore[arg-type]  # roles as text


def test_a_refusal_says_what_is_needed_where_and_how_a_new_role_takes_effect() -> None:
    with pytest.raises(Forbidden) as refused:
        ADA.require("cnf_2", "organizer", "staff")
    for said in ("organizer or staff", "cnf_2", "/auth/refresh"):
        assert said in refused.value.detail


def test_nobody_has_a_role_by_default() -> None:
    assert Caller("usr_bob", "bob@example.org", "Bob").roles == {}
