"""The link in an e-mail mutes its kind for its person, and nothing else for nobody else."""

import pytest

from functions.notifications import use_cases_opting_out as use_cases
from functions.notifications.letter import Mailbox
from functions.notifications.notices import NOTICES
from functions.notifications.opting_out import PATH, OptOut
from functions.notifications.use_cases import tell
from shared.errors import NotFound
from shared.messages import Message, OrderExpired, OrderRefunded
from shared.money import Money
from tests.unit.post import NINE, Office

EXPIRED = OrderExpired(conference_id="cnf_1", order_id="ord_1", buyer_id="usr_ada", conference_name="PyCon")
REFUNDED = OrderRefunded(conference_id="cnf_1", order_id="ord_1", buyer_id="usr_ada", amount=Money(100, "EUR"))


@pytest.fixture
def office() -> Office:
    opened = Office()
    opened.people.keep("usr_ada", Mailbox("Ada", "ada@example.org"), NINE)
    opened.people.keep("usr_bob", Mailbox("Bob", "bob@example.org"), NINE)
    return opened


def mailed(office: Office, message: Message) -> str:
    """The token of the link in the mail that a message causes; empty where it has none."""
    tell(office.post, message, NOTICES[type(message)](message))
    return (office.mailer.sent[-1].opt_out or "").removeprefix(PATH)


def test_the_link_ends_mail_of_its_kind_and_leaves_the_inbox(office: Office) -> None:
    token = mailed(office, EXPIRED)
    for _ in range(2):
        assert [kind.name for kind in use_cases.mute(office.people, token=token)] == ["order-expired"]
    assert office.people.get("usr_ada").choices == {"order-expired": {"email": False}}
    assert office.people.get("usr_bob").choices == {}
    tell(office.post, OrderExpired(**{**vars(EXPIRED), "id": "msg_2"}), NOTICES[OrderExpired](EXPIRED))
    assert (len(office.mailer.sent), len(office.inbox.of["usr_ada"])) == (1, 2)


def test_what_was_chosen_before_stays_chosen(office: Office) -> None:
    office.people.choose("usr_ada", {"order-expired": {"inbox": False}, "checked-in": {"email": True}})
    use_cases.mute(office.people, token=mailed(office, EXPIRED))
    assert office.people.get("usr_ada").choices == {
        "order-expired": {"inbox": False, "email": False},
        "checked-in": {"email": True},
    }


def test_looking_changes_nothing(office: Office) -> None:
    token = mailed(office, EXPIRED)
    before = office.people.get("usr_ada")
    assert [kind.name for kind in use_cases.look(office.people, token=token)] == ["order-expired"]
    assert office.people.get("usr_ada") == before


def test_what_is_mailed_in_any_case_has_no_link(office: Office) -> None:
    assert mailed(office, REFUNDED) == ""


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token.replace("usr_ada", "usr_bob"),
        lambda token: token.replace("order-expired", "agenda-moved"),
        lambda token: token.replace("order-expired", "order-expired~agenda-moved"),
        lambda token: token.rpartition(".")[0],
        lambda token: token.rpartition(".")[0] + ".",
        lambda token: "..",
        lambda token: token.replace("usr_ada", "usr_nobody"),
        lambda token: token + "=",
    ],
)
def test_nobody_makes_or_changes_a_link(office: Office, spoil: object) -> None:
    token = mailed(office, EXPIRED)
    office.people.give_secret("usr_bob")
    with pytest.raises(NotFound):
        use_cases.mute(office.people, token=spoil(token))  # type: ignore[operator]  # a lambda
    assert office.people.get("usr_ada").choices == office.people.get("usr_bob").choices == {}


def test_a_person_without_a_secret_has_no_link_that_is_signed_with_none(office: Office) -> None:
    forged = OptOut("usr_bob", ("order-expired",)).token("")
    with pytest.raises(NotFound):
        use_cases.mute(office.people, token=forged)


def test_choices_that_change_meanwhile_are_not_lost(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    token = mailed(office, EXPIRED)
    choose = office.people.choose

    def rival_first(*_: object, **__: object) -> bool:
        monkeypatch.setattr(office.people, "choose", choose)
        choose("usr_ada", {"checked-in": {"email": True}})
        return False

    monkeypatch.setattr(office.people, "choose", rival_first)
    use_cases.mute(office.people, token=token)
    assert office.people.get("usr_ada").choices == {"checked-in": {"email": True}, "order-expired": {"email": False}}
