"""What goes otherwise than planned is mailed: a hold that ends, money that comes late or cannot go back, a session that moves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

from localstack.client import PATIENCE, Person, wait_until
from tests.e2e.mailbox import Mailbox, files, text


def reserved(buyer: Person, conference_id: str, type_id: str, **payment: Any) -> str:
    lines = [{"ticket_type_id": type_id, "quantity": 1}]
    return str(buyer.post("/orders", {"conference_id": conference_id, "lines": lines, **payment})["id"])


def paying(token: str) -> dict[str, Any]:
    return {"payment": {"method": "simulated", "token": token}}


def ended(buyer: Person, order_id: str) -> str:
    """What the order is once it is not held any more."""
    status = str(buyer.get(f"/orders/{order_id}")["status"])
    return "" if status == "reserved" else status


def came(buyer: Person, order_id: str) -> str:
    """What the money that came too late is for in the end: before it is returned, it is confirmed."""
    order = buyer.get(f"/orders/{order_id}")
    if order["status"] == "paid":
        return "seated"
    return "returned" if order["payment"]["status"] == "refunded" else ""


def check(mail: EmailMessage, *says: str, optional: bool) -> None:
    """Words in both parts, no file with them, and a way out where a person may do without mail of the kind."""
    assert files(mail) == {}
    assert all(words in text(mail, part) for part in ("plain", "html") for words in says)
    way_out = str(mail["List-Unsubscribe"] or "").strip("<>")
    assert bool(way_out) is optional
    if optional:
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert all(way_out in text(mail, part) for part in ("plain", "html"))


def test_of_two_who_pay_too_late_one_has_the_seat_that_is_left_and_the_other_the_money_back(
    wire: Mailbox, person: Callable[[str], Person], on_sale: Any, mailed: Any
) -> None:
    host, quick, buyers = person("Treasurer"), person("Quick"), [person("Tardy"), person("Latest")]
    host.call("PUT", "/notifications/preferences", {"kinds": {"late-payment": {"email": True}}})
    for seconds in (20, 120, 400):  # more where the machine is so busy that money is there, or late, before its time
        conference_id, type_id = on_sale(capacity=2, hold_minutes=0.1, organizer=host)
        orders = [(buyer, reserved(buyer, conference_id, type_id, **paying(f"tok_late:{seconds}"))) for buyer in buyers]
        ends = [wait_until(lambda o=each: ended(*o), "the hold's end", seconds=PATIENCE) for each in orders]  # type: ignore[misc]
        if ends == ["expired", "expired"]:
            taken = reserved(quick, conference_id, type_id, **paying("tok_ok"))
            ends.append(wait_until(lambda o=taken: ended(quick, o), "the other seat to be taken", seconds=PATIENCE))  # type: ignore[misc]
            if ends[-1] == "paid":
                break
    assert ends == ["expired", "expired", "paid"]

    became = {wait_until(lambda o=each: came(*o), "the money", seconds=PATIENCE): each for each in orders}  # type: ignore[misc]
    assert set(became) == {"seated", "returned"}
    (seated, seated_id), (returned, returned_id) = became["seated"], became["returned"]
    check(mailed(seated, "are yours after all"), "49.00 EUR came after the reservation had ended", optional=False)
    assert "tickets.pdf" in files(mailed(seated, "Your ticket for E2E"))
    check(mailed(returned, "Paid too late for E2E: 49.00 EUR returned"), "on its way back", optional=False)
    for order_id, what in ((seated_id, "has its seats"), (returned_id, "is paid back")):
        title = f"Order {order_id} for E2E was paid too late, and {what}"
        [mail] = wait_until(lambda t=title: [m for m in wire.to(host.email) if t in text(m, "plain")], title, seconds=PATIENCE)  # type: ignore[misc]
        check(mail, title, optional=True)


def test_a_hold_that_ends_and_a_refund_that_is_refused_are_mailed(
    person: Callable[[str], Person], on_sale: Any, mailed: Any
) -> None:
    host, slow, buyer = person("Cashier"), person("Slowest"), person("Returner")
    reserved(slow, *on_sale(capacity=1, hold_minutes=0.1))
    conference_id, type_id = on_sale(capacity=1, organizer=host)
    order_id = reserved(buyer, conference_id, type_id, **paying("tok_refund_refused"))
    host.wait_for_role(conference_id, "organizer")
    wait_until(lambda: "You are now an organizer" in str(host.get("/notifications")["items"]), "the role's news")
    host.call("POST", f"/orders/{order_id}/refunds", {}, expect=409)
    check(mailed(buyer, "Your refund for E2E is delayed"), "49.00 EUR could not be returned", optional=False)
    refused = mailed(host, f"Order {order_id} for E2E waits for a refund of 49.00 EUR that failed")
    check(refused, "The payment provider refuses it", "The money is with you", optional=True)
    check(mailed(slow, "Your reservation for E2E has expired"), "Nothing was charged", optional=True)


def test_who_marked_a_session_that_moved_is_mailed_and_nobody_else(
    wire: Mailbox, person: Callable[[str], Person], on_sale: Any, mailed: Any
) -> None:
    host, keen, cool = person("Planner"), person("Keen"), person("Cool")
    conference_id, _ = on_sale(capacity=1, organizer=host)
    base = f"/events/conferences/{conference_id}"
    opening = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=2)

    def at(hours: int) -> dict[str, str]:
        begins = opening + timedelta(hours=hours)
        return {"starts_at": begins.isoformat(), "ends_at": (begins + timedelta(minutes=45)).isoformat()}

    moving, staying = (
        host.post(f"{base}/sessions", {"title": name, "type": "talk", **at(0)})["id"] for name in ("Moving", "Staying")
    )
    host.post(f"{base}/agenda/releases")
    for who, session_id in ((keen, moving), (keen, staying), (cool, staying)):
        who.call("PUT", f"{base}/sessions/{session_id}/star", expect=204)
    host.call("PATCH", f"{base}/sessions/{moving}", at(3), If_Match=host.call("GET", f"{base}/sessions/{moving}").headers["etag"])
    host.post(f"{base}/agenda/releases")
    mail = mailed(keen, "Moving moved to")
    check(mail, "So says the new agenda of E2E", f"{base}/agenda", optional=True)
    assert not [each for each in wire.to(cool.email) if "moved" in str(each["Subject"])]
