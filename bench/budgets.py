"""The budgets that `make bench` measures against, and tests hold where they are counts."""

from collections.abc import Mapping
from dataclasses import dataclass

CPU = 1.5  # times the same calls of DynamoDB by bare botocore
IMPORT = 2.0  # times importing bare botocore with a DynamoDB client
SIZE = 15.0  # MB zipped
TENFOLD = 10  # times the orders and redemptions a second of pretix on a machine like it


@dataclass(frozen=True)
class Budget:
    """Of one operation, warm: the most."""

    round_trips: int
    write_units: int
    redis: int = 0


BUDGETS: Mapping[str, Budget] = {
    "authorise a request, warm": Budget(0, 0),
    "read the agenda, cached": Budget(0, 0, redis=1),
    "reserve one line": Budget(2, 8),
    "confirm a payment": Budget(2, 8),
    "check in, on line": Budget(2, 8),
    "exchange contacts": Budget(2, 10),
    "read own tickets": Budget(1, 0),
    "read own orders": Budget(1, 0),
    "read own contacts": Budget(1, 0),
    "read own inbox": Budget(1, 0),
}
