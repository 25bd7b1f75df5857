"""Money adds up, in one currency, without a float."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import Money

amounts = st.integers(-(10**15), 10**15)


@given(amounts, amounts, st.sampled_from(["EUR", "JPY", "KWD"]))
def test_sums_are_exact(one: int, other: int, currency: str) -> None:
    assert Money(one, currency) + Money(other, currency) == Money(one + other, currency)


@given(amounts, st.integers(0, 100))
def test_so_many_times_is_so_often_added(amount: int, times: int) -> None:
    total = Money(0, "EUR")
    for _ in range(times):
        total += Money(amount, "EUR")
    assert Money(amount, "EUR") * times == total


@given(amounts, st.sampled_from([("EUR", 2), ("JPY", 0), ("KWD", 3), ("XXX", 2)]))
def test_its_text_is_its_value(amount: int, currency: tuple[str, int]) -> None:
    code, exponent = currency
    number, _, shown = str(Money(amount, code)).partition(" ")
    assert shown == code
    assert Decimal(number) == Decimal(amount).scaleb(-exponent)
    assert len(number.partition(".")[2]) == exponent


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(4900, "EUR"), "49.00 EUR"),
        (Money(4900, "JPY"), "4900 JPY"),
        (Money(4900, "KWD"), "4.900 KWD"),
        (Money(5, "EUR"), "0.05 EUR"),
        (Money(0, "EUR"), "0.00 EUR"),
        (Money(-5, "EUR"), "-0.05 EUR"),
        (Money(-5, "JPY"), "-5 JPY"),
    ],
)
def test_it_is_written_as_its_currency_is(money: Money, text: str) -> None:
    assert str(money) == text


def test_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="cannot add JPY to EUR"):
        Money(1, "EUR") + Money(1, "JPY")
