"""A small on-sale on the emulator; `make load-onsale` plays a large one."""

from collections.abc import Callable

from localstack.client import Person, wait_until
from localstack.onsale import OnSale, Plan
from localstack.stack import RunningStack

PLAN = Plan(tickets=30, buyers=50, concurrency=6, hold_minutes=0.3, abandoned=0.2)


def test_every_ticket_is_sold_once_and_everybody_is_told_the_truth(stack: RunningStack, person: Callable[[str], Person]) -> None:
    organizer = person("Onsale")
    sale = OnSale(stack.endpoint, organizer, PLAN, print)
    sale.play()
    organizer.wait_for_role(sale.conference_id, "organizer")
    base = f"/orders/conferences/{sale.conference_id}"

    def settled() -> bool:
        total = organizer.get(f"{base}/totals")["total"]
        return bool(total and total["tickets_paid"] == PLAN.tickets and total["tickets_reserved"] == 0)

    wait_until(settled, "the organiser's totals")
    assert organizer.get(f"{base}/totals")["total"]["revenue"] == {"amount": 4900 * PLAN.tickets, "currency": "EUR"}
    sold = organizer.call("GET", f"{base}/export.csv?status=paid").text.splitlines()[1:]
    assert len(sold) == PLAN.tickets
    buyer = next(buyer for buyer in sale.buyers if buyer.told == "paid" and not buyer.lapsed)
    (found,) = organizer.get(f"{base}?q={buyer.person.email}")["items"]
    assert found["id"] == buyer.order_id
