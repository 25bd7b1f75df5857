"""What a person does with an account, without a database."""

from datetime import timedelta

import pytest

from functions.auth import use_cases
from functions.auth.bearer import BearerToken
from functions.auth.domain import BadCredentials, EmailTaken, SessionRevoked, UnknownUser
from shared.caller import Caller
from shared.errors import KeyReused
from shared.messages import EmailVerificationRequested, UserRegistered
from tests.unit.auth_world import PASSWORD, PlainPasswords, World


@pytest.fixture
def world() -> World:
    return World()


def test_registering_tells_the_others_once(world: World) -> None:
    ada = world.register()
    registered, verification = world.accounts.sent
    assert isinstance(registered, UserRegistered)
    assert isinstance(verification, EmailVerificationRequested)
    for message in (registered, verification):
        assert (message.user_id, message.email, message.name) == (ada.user_id, "ada@example.org", "Ada")


def test_a_repeated_registration_gets_the_same_answer(world: World) -> None:
    assert world.register() == world.register()
    assert len(world.accounts.users) == len(world.accounts.proofs) == 1


def test_a_repeated_registration_gets_the_same_answer_after_a_change_of_name(world: World) -> None:
    ada = world.register()
    use_cases.rename(world.accounts, Caller(ada.user_id, ada.email, ada.name), name="Countess")
    assert world.register() == ada


def test_an_email_has_one_account(world: World) -> None:
    world.register()
    with pytest.raises(EmailTaken):
        world.register(key="reg_2")


def test_a_guessed_key_tells_nothing_without_the_password(world: World) -> None:
    world.register()
    with pytest.raises(EmailTaken) as with_the_key:
        world.register(password="another password", name="Eve")
    with pytest.raises(EmailTaken) as without:
        world.register(key="reg_2", password="another password", name="Eve")
    assert with_the_key.value.document() == without.value.document()


def test_a_key_names_one_request(world: World) -> None:
    world.register()
    with pytest.raises(KeyReused):
        world.register(name="Someone else")


def test_a_wrong_password_and_an_unknown_account_are_alike_in_answer_and_work(world: World) -> None:
    world.register()
    with pytest.raises(BadCredentials) as wrong:
        world.log_in(password="wrong")
    with pytest.raises(BadCredentials) as unknown:
        world.log_in(email="eve@example.org")
    assert wrong.value.document() == unknown.value.document()
    assert world.passwords.compared == [f"v1:{PASSWORD}", None]
    assert not world.sessions.sessions


def test_logging_in_renews_a_hash_made_with_old_parameters(world: World) -> None:
    world.register()
    world.passwords = PlainPasswords("v2")
    world.log_in()
    assert world.accounts.credentials["ada@example.org"].password_hash == f"v2:{PASSWORD}"


def test_an_erased_account_cannot_log_in(world: World) -> None:
    world.register()
    world.accounts.users.clear()
    with pytest.raises(BadCredentials):
        world.log_in()


def test_a_refresh_token_is_good_once_and_its_successor_after_it(world: World) -> None:
    world.register()
    first = world.log_in()
    second = world.refresh(first.refresh_token)
    third = world.refresh(second.refresh_token)
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3


def test_a_token_used_twice_ends_its_session_for_thief_and_owner(world: World) -> None:
    world.register()
    first = world.log_in()
    second = world.refresh(first.refresh_token)
    for token in (first, second, first):
        with pytest.raises(SessionRevoked):
            world.refresh(token.refresh_token)


def test_other_sessions_outlive_the_end_of_one(world: World) -> None:
    world.register()
    phone, laptop = world.log_in(), world.log_in()
    world.refresh(phone.refresh_token)
    with pytest.raises(SessionRevoked):
        world.refresh(phone.refresh_token)
    assert world.refresh(laptop.refresh_token)


def test_of_two_who_use_a_token_at_once_neither_keeps_the_session(world: World) -> None:
    world.register()
    token = world.log_in().refresh_token
    successors: list[str] = []

    def rival() -> None:
        world.sessions.before_rotate = lambda: None
        successors.append(world.refresh(token).refresh_token)

    world.sessions.before_rotate = rival
    with pytest.raises(SessionRevoked):
        world.refresh(token)
    with pytest.raises(SessionRevoked):
        world.refresh(successors[0])


@pytest.mark.parametrize("token", ["", ".", "nothing of ours", "a.b", f"{'x' * 22}.{'y' * 43}"])
def test_an_unknown_token_is_refused(world: World, token: str) -> None:
    with pytest.raises(BadCredentials):
        world.refresh(token)


def test_a_session_ends_thirty_days_after_its_last_refresh(world: World) -> None:
    world.register()
    token = world.log_in().refresh_token
    world.now += timedelta(days=29)
    token = world.refresh(token).refresh_token
    world.now += timedelta(days=30)
    with pytest.raises(BadCredentials):
        world.refresh(token)


def test_the_session_of_an_erased_account_ends(world: World) -> None:
    world.register()
    token = world.log_in().refresh_token
    world.accounts.users.clear()
    with pytest.raises(SessionRevoked):
        world.refresh(token)


def test_a_refreshed_token_has_the_roles_of_now(world: World) -> None:
    ada = world.register()
    first = world.log_in()
    world.member(ada.user_id, "staff", 1)
    second = world.refresh(first.refresh_token)
    assert "staff" not in first.access_token
    assert "staff" in second.access_token


def test_logging_out_ends_the_callers_own_session_and_may_be_repeated(world: World) -> None:
    ada = world.register()
    token = world.log_in().refresh_token
    for _ in range(2):
        use_cases.log_out(world.sessions, Caller(ada.user_id, ada.email, ada.name), refresh_token=token)
    with pytest.raises(SessionRevoked):
        world.refresh(token)


def test_nobody_ends_the_session_of_another(world: World) -> None:
    world.register()
    token = world.log_in().refresh_token
    use_cases.log_out(world.sessions, Caller("usr_eve", "eve@example.org", "Eve"), refresh_token=token)
    assert world.refresh(token)


def test_a_role_given_to_nobody_is_noticed_and_one_taken_from_nobody_is_done(world: World) -> None:
    world.member("usr_nobody", None, 1)
    with pytest.raises(UnknownUser):
        world.member("usr_nobody", "staff", 2)


def test_a_repeated_or_stale_role_changes_nothing(world: World) -> None:
    ada = world.register()
    world.member(ada.user_id, "organizer", 2)
    world.member(ada.user_id, "organizer", 2)
    world.member(ada.user_id, "staff", 1)
    assert world.accounts.users[ada.user_id].roles == {"cnf_1": "organizer"}


def test_a_refresh_token_is_not_shown_where_it_could_be_logged(world: World) -> None:
    world.register()
    grant = world.log_in()
    assert BearerToken.parse(grant.refresh_token).secret not in repr(grant)
