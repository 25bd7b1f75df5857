import pytest

from functions.tickets.devices import TooManyRequests
from functions.tickets.pace import Pace


def test_a_burst_is_let_through_and_then_as_many_as_come_back_with_time() -> None:
    seconds = [0.0]
    pace = Pace(burst=3, per_second=0.5, clock=lambda: seconds[0])
    for _ in range(3):
        pace.take("one")
    with pytest.raises(TooManyRequests) as told:
        pace.take("one")
    assert told.value.headers == {"Retry-After": "2"}
    pace.take("another")
    seconds[0] = 2.0
    pace.take("one")
    with pytest.raises(TooManyRequests):
        pace.take("one")
