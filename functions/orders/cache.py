"""Stock as it was up to a second ago, for the page that everybody reloads at an on-sale."""

from datetime import datetime, timedelta
from functools import cache

from functions.orders.catalogue import Offer
from functions.orders.dynamo_stock import DynamoStock
from functions.orders.use_cases_stock import Offers
from shared.clock import Clock, now

_LIFE = timedelta(seconds=1)


@cache
def recent_offers() -> Offers:
    return RecentOffers(DynamoStock(), now)


class RecentOffers:
    """One for each container. It keeps what was read within the last second, and no conference that sells nothing."""

    def __init__(self, offers: Offers, clock: Clock) -> None:
        self._offers = offers
        self._clock = clock
        self._kept: dict[str, tuple[datetime, list[Offer]]] = {}

    def of_conference(self, conference_id: str) -> list[Offer]:
        instant = self._clock()
        self._kept = {key: kept for key, kept in self._kept.items() if instant - kept[0] < _LIFE}
        if conference_id in self._kept:
            return self._kept[conference_id][1]
        offered = self._offers.of_conference(conference_id)
        if offered:
            self._kept[conference_id] = (instant, offered)
        return offered
