"""How passwords are kept."""

from argon2 import PasswordHasher, Type, extract_parameters

from functions.auth.passwords import NOBODY, Argon2Passwords

PASSWORDS = Argon2Passwords()


def test_passwords_are_kept_as_argon2id_with_the_parameters_owasp_asks_for() -> None:
    kept = extract_parameters(PASSWORDS.hash("correct horse battery"))
    assert (kept.type, kept.memory_cost, kept.time_cost, kept.parallelism) == (Type.ID, 19_456, 2, 1)


def test_a_password_matches_itself_only_and_no_two_hashes_are_alike() -> None:
    kept = PASSWORDS.hash("correct horse battery")
    assert PASSWORDS.match(kept, "correct horse battery")
    assert not PASSWORDS.match(kept, "correct horse battery ")
    assert not PASSWORDS.match(kept, "Correct horse battery")
    assert PASSWORDS.hash("correct horse battery") != kept


def test_an_accent_typed_on_another_keyboard_is_the_same_password() -> None:
    kept = PASSWORDS.hash("caf\u00e9 au lait")
    assert PASSWORDS.match(kept, "cafe\u0301 au lait")


def test_an_unknown_account_costs_the_same_work_and_never_matches() -> None:
    assert not PASSWORDS.match(None, "correct horse battery")
    assert extract_parameters(NOBODY) == extract_parameters(PASSWORDS.hash("correct horse battery"))


def test_a_hash_with_weaker_parameters_is_outdated() -> None:
    weak = PasswordHasher(memory_cost=8_192, time_cost=1, parallelism=1).hash("correct horse battery")
    assert PASSWORDS.outdated(weak)
    assert PASSWORDS.match(weak, "correct horse battery")
    assert not PASSWORDS.outdated(PASSWORDS.hash("correct horse battery"))
