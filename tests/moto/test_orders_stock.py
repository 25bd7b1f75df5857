"""The stock of a ticket type as messages make and change it, and the books that must balance whatever happens."""

from random import Random

import pytest

from functions.orders import worker
from functions.orders.items_stock import ShardItem, TypeItem, pool_key, shard_key
from tests.moto.stock import (
    CONFERENCE,
    HOW,
    PAID_AT_ONCE,
    Book,
    Wire,
    availability,
    basket,
    books,
    cancel,
    changed,
    expire,
    interrupt,
    order,
    release,
    shards,
    stock,
    unchanged,
)
from tests.support import Table, deliver


def test_the_first_message_of_a_ticket_type_opens_its_stock(table: Table) -> None:
    stock(changed(capacity=60))
    assert books(table) == {"typ_1": Book(60, 60, 0, 0)}
    assert shards(table) == [20, 20, 20]


def test_a_repeated_message_changes_nothing(table: Table) -> None:
    stock(changed(capacity=60))
    with unchanged(table):
        stock(changed(capacity=60), changed(capacity=60))


def test_an_older_revision_is_ignored_in_whatever_order_messages_come(table: Table) -> None:
    stock(changed(capacity=80, revision=3, name="Third"), changed(capacity=50, revision=1), changed(capacity=10, revision=2))
    assert books(table)["typ_1"].capacity == 80
    assert availability().json["ticket_types"][0]["name"] == "Third"


@pytest.mark.parametrize(("opened", "held", "raised", "count"), [(60, 4, 300, 12), (1, 1, 5000, 64), (30, 10, 31, 2)])
def test_a_raised_capacity_is_spread_over_as_many_shards_as_it_needs(
    table: Table, opened: int, held: int, raised: int, count: int
) -> None:
    stock(changed(capacity=opened))
    assert order(basket(held)).status == 201
    stock(changed(capacity=raised, revision=2))
    assert books(table) == {"typ_1": Book(raised, raised - held, held, 0)}
    assert len(shards(table)) == count


def test_shards_end_near_equal_however_uneven_they_were(table: Table) -> None:
    stock(changed(capacity=26))  # 13 and 13
    assert order(basket(10)).status == 201
    stock(changed(capacity=250, revision=2))
    assert shards(table) == [24] * 10


def test_a_lowered_capacity_keeps_its_shards(table: Table) -> None:
    stock(changed(capacity=5000), changed(capacity=1, revision=2))
    assert books(table) == {"typ_1": Book(1, 1, 0, 0)}
    assert len(shards(table)) == 64


def test_a_lowered_capacity_is_taken_from_free_seats(table: Table) -> None:
    stock(changed(capacity=60))
    assert order(basket(4)).status == 201
    stock(changed(capacity=10, revision=2))
    assert books(table) == {"typ_1": Book(10, 6, 4, 0)}


def test_capacity_goes_no_lower_than_what_is_sold_and_held(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    stock(changed(capacity=10))
    assert order(basket(4)).status == 201
    assert order(basket(3, **PAID_AT_ONCE)).status == 201
    stock(changed(capacity=5, revision=2))
    assert books(table) == {"typ_1": Book(7, 0, 4, 3)}
    assert "WARNING" in {record.levelname for record in caplog.records}
    stock(changed(capacity=9, revision=3))
    assert books(table) == {"typ_1": Book(9, 2, 4, 3)}


def oversubscribed() -> list[str]:
    """Six seats held by three orders and four sold where ten were wanted once and five are now; the orders that hold."""
    stock(changed(capacity=10))
    held = [order(basket(2)).json["id"] for _ in range(3)]
    assert order(basket(4, **PAID_AT_ONCE)).status == 201
    stock(changed(capacity=5, revision=2))
    return held


@HOW
def test_seats_that_come_back_are_retired_until_no_more_are_out_than_wanted(table: Table, how: str) -> None:
    held = oversubscribed()
    ledger = [books(table)["typ_1"]]
    for order_id in held:
        release(table, how, order_id)
        ledger.append(books(table)["typ_1"])
    assert ledger == [Book(10, 0, 6, 4), Book(8, 0, 4, 4), Book(6, 0, 2, 4), Book(5, 1, 0, 4)]
    assert order(basket(1, **PAID_AT_ONCE)).status == 201
    assert order(basket(1)).problem() == "sold-out"


@HOW
def test_a_seat_is_retired_once_however_often_its_hold_ends(table: Table, how: str) -> None:
    held = oversubscribed()
    release(table, how, held[0])
    with unchanged(table):
        release(table, how, held[0])


@HOW
def test_an_order_that_drew_from_several_shards_retires_some_and_returns_the_rest(table: Table, how: str) -> None:
    stock(changed(capacity=30, max_per_order=20))
    group = order(basket(20)).json["id"]  # no single shard has 20
    assert order(basket(10, **PAID_AT_ONCE)).status == 201
    stock(changed(capacity=18, revision=2))
    release(table, how, group)
    assert books(table) == {"typ_1": Book(18, 8, 0, 10)}


def test_each_type_of_an_order_is_retired_as_its_own_capacity_wants(table: Table) -> None:
    stock(changed("typ_1", capacity=2), changed("typ_2", capacity=2))
    lines = [{"ticket_type_id": each, "quantity": 2} for each in ("typ_1", "typ_2")]
    both = order({"conference_id": CONFERENCE, "lines": lines}).json["id"]
    stock(changed("typ_2", capacity=1, revision=2))
    assert cancel(both).status == 200
    assert books(table) == {"typ_1": Book(2, 2, 0, 0), "typ_2": Book(1, 1, 0, 0)}


@pytest.mark.parametrize(("wanted", "book"), [(7, Book(8, 0, 4, 4)), (8, Book(8, 0, 4, 4)), (9, Book(9, 1, 4, 4))])
def test_a_capacity_is_raised_from_what_is_in_force(table: Table, wanted: int, book: Book) -> None:
    first, second, _ = oversubscribed()
    expire(table, first)
    stock(changed(capacity=wanted, revision=3))
    assert books(table) == {"typ_1": book}
    expire(table, second)
    assert books(table) == {"typ_1": Book(wanted, wanted - 6, 2, 4)}


def test_a_copy_from_before_it_said_what_is_wanted_puts_seats_back_on_sale(table: Table) -> None:
    stock(changed(capacity=3))
    held = order(basket(2)).json["id"]
    TypeItem(*pool_key(CONFERENCE, "typ_1")).update(actions=[TypeItem.wanted.remove()])
    ShardItem(*shard_key("typ_1", 0)).update(actions=[ShardItem.revision.remove()])
    expire(table, held)
    assert books(table) == {"typ_1": Book(3, 3, 0, 0)}
    stock(changed(capacity=2, revision=2))
    assert books(table) == {"typ_1": Book(2, 2, 0, 0)}


def test_a_purchase_in_the_middle_of_a_change_is_counted(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(changed(capacity=10))
    interrupt(Wire.tapped(monkeypatch), monkeypatch, lambda: buy(8))
    stock(changed(capacity=5, revision=2))
    assert books(table) == {"typ_1": Book(8, 0, 8, 0)}


def buy(quantity: int) -> None:
    assert order(basket(quantity)).status == 201


@HOW
@pytest.mark.parametrize("wanted", [5, 8, 9, 12])
def test_a_release_in_the_middle_of_a_change_is_counted(
    table: Table, monkeypatch: pytest.MonkeyPatch, how: str, wanted: int
) -> None:
    """The change had read that nothing was free, or what capacity was in force, before seats came back."""
    held = oversubscribed()
    interrupt(Wire.tapped(monkeypatch), monkeypatch, lambda: release(table, how, held[0]))
    stock(changed(capacity=wanted, revision=3))
    assert books(table) == {"typ_1": Book(max(8, wanted), max(0, wanted - 8), 4, 4)}


@HOW
def test_seats_that_come_back_while_capacity_is_lowered_are_not_left_on_sale(
    table: Table, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    stock(changed(capacity=10))
    held = order(basket(3)).json["id"]
    assert order(basket(6, **PAID_AT_ONCE)).status == 201
    interrupt(Wire.tapped(monkeypatch), monkeypatch, lambda: release(table, how, held))
    stock(changed(capacity=5, revision=2))
    assert books(table) == {"typ_1": Book(6, 0, 0, 6)}


@HOW
@pytest.mark.parametrize("wanted", [5, 8, 12])
def test_a_change_in_the_middle_of_a_release_is_heeded(
    table: Table, monkeypatch: pytest.MonkeyPatch, how: str, wanted: int
) -> None:
    """The release had read that as many were out as wanted, and the change finds nothing free to take."""
    stock(changed(capacity=10))
    held = order(basket(3)).json["id"]
    assert order(basket(7, **PAID_AT_ONCE)).status == 201
    interrupt(Wire.tapped(monkeypatch), monkeypatch, lambda: stock(changed(capacity=wanted, revision=2)))
    release(table, how, held)
    assert books(table) == {"typ_1": Book(max(7, wanted), max(0, wanted - 7), 0, 7)}


@HOW
@pytest.mark.parametrize("wanted", [4, 7, 9, 12])
def test_a_change_in_the_middle_of_a_retirement_is_heeded(
    table: Table, monkeypatch: pytest.MonkeyPatch, how: str, wanted: int
) -> None:
    held = oversubscribed()
    interrupt(Wire.tapped(monkeypatch), monkeypatch, lambda: stock(changed(capacity=wanted, revision=3)))
    release(table, how, held[0])
    assert books(table) == {"typ_1": Book(max(8, wanted), max(0, wanted - 8), 4, 4)}


@pytest.mark.parametrize("seed", range(2))
def test_any_run_of_sales_releases_and_changes_keeps_the_books(table: Table, seed: int) -> None:
    dice = Random(seed)
    stock(changed(capacity=dice.choice([1, 30, 60])))
    held: list[str] = []
    for revision in range(2, 22):
        match dice.choice(["buy", "buy", "release", "change"]):
            case "buy":
                placed = order(basket(dice.randint(1, 10)))
                held += [placed.json["id"]] if placed.status == 201 else []
            case "release" if held:
                release(table, dice.choice(["expired", "cancelled"]), held.pop(dice.randrange(len(held))))
            case "change":
                stock(changed(capacity=dice.randint(0, 120), revision=revision))
        books(table)


def test_a_conflict_while_the_stock_changes_is_tried_again(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.table.time.sleep", lambda seconds: None)
    wire = Wire.tapped(monkeypatch)
    wire.conflict(3)
    stock(changed(capacity=60))
    wire.conflict(3)
    stock(changed(capacity=90, revision=2))
    assert books(table) == {"typ_1": Book(90, 90, 0, 0)}


def test_a_message_that_never_gets_through_goes_back_to_the_queue(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.table.time.sleep", lambda seconds: None)
    wire = Wire.tapped(monkeypatch)
    wire.conflict(1000)
    assert deliver(worker.handler, changed(capacity=60)) == ["m-0"]
    assert table.items() == []
