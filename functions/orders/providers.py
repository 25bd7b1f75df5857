"""Which provider takes the money, by the method of payment."""

from functools import cache
from typing import TYPE_CHECKING

from functions.orders.payment import Method
from functions.orders.provider import Provider
from functions.orders.secrets import ConferenceSecrets
from functions.orders.simulated import Simulated
from shared.clock import now

if TYPE_CHECKING:
    from functions.orders.stripe_provider import Stripe


@cache
def stripe() -> "Stripe":
    # Its library takes longer to import than everything else here: only who needs it waits for it.
    from functions.orders.stripe_provider import Stripe

    return Stripe(ConferenceSecrets(), now)


class AllProviders:
    def of(self, method: Method) -> Provider:
        return stripe() if method == "stripe" else Simulated(now)
