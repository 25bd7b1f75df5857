"""`make cost`: what a conference costs on AWS, from the counted units, beside servers that are always on.

The day is modelled on the published figures of real conferences; every number that is not counted, and not read out of
template.yaml, is here or in prices.toml.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.tally import Count, Tally
from localstack.build import template
from localstack.paths import OPERATIONS, TEMPLATE

PRICES: dict[str, Any] = tomllib.loads((Path(__file__).parent / "prices.toml").read_text())

# How often each operation is done for one ticket sold, over a conference of two days.
HABITS = {
    "register": 1.0,
    "log in": 2.0,  # on two devices
    "refresh": 20.0,  # an access token lasts 15 minutes: five hours of use
    "see what is on sale": 5.0,  # 3,500 page reads a second around 650 holds in 2.4 s
    "reserve one line": 1.3,  # three in ten holds are abandoned
    "confirm a payment": 1.0,
    "check in, on line": 2.0,  # 83 % come, on both days, and some go out and come back
    "exchange contacts": 5.4,  # 21,000 pairs and 40 booths × 150 leads among 5,000
    "read the agenda, cached": 15.0,  # at every break
    "read own tickets": 4.0,
    "read own orders": 2.0,
    "read own contacts": 10.0,
    "read own inbox": 20.0,
}
SIZES = {"a meet-up of 300": 300, "a conference of 1,500": 1_500, "a conference of 5,000": 5_000, "a conference of 50,000": 50_000}
HOURS = 730  # in a month
POLLERS = 5  # that Lambda keeps on a queue while nothing comes, each asking every 20 seconds
SCHEDULED = {"OrdersReconciliation": 12 * HOURS, "EventsRetention": 30, "AuthRotation": 1}  # runs a month
METRICS_HOURS = 8 * 48  # eight metrics of a conference, each written to in 48 hours


@dataclass(frozen=True)
class Bill:
    """USD by service."""

    parts: Mapping[str, float]

    @property
    def total(self) -> float:
        return sum(self.parts.values())


def price(name: str, prices: Mapping[str, Any] = PRICES) -> float:
    """Of one."""
    asked = prices["price"][name]
    return float(asked["usd"] / asked.get("per", 1))


def bill(used: Tally, prices: Mapping[str, Any] = PRICES) -> Bill:
    """Of what an operation, or many, used. Each request has its authorizer."""
    assumed = prices["assumed"]
    invocations = {**used.invocations, "GatewayAuthorizer": used.requests}
    number = sum(invocations.values())
    seconds = sum(times * gigabyte_seconds(function, prices) for function, times in invocations.items())
    seconds += used.objects_put * memory("TicketsPapersWorker") * assumed["ms"]["Paper"] / 1000
    of = {
        "API Gateway": {"api_request": used.requests},
        "Lambda": {"invocation": number, "gigabyte_second": seconds},
        "DynamoDB": {"read_unit": used.read_units, "write_unit": used.write_units},
        "EventBridge": {"event": used.events},
        "SQS": {"queue_request": 3 * (used.deliveries + used.delayed)},  # sent, received, deleted
        "S3": {"object_put": used.objects_put, "object_read": used.objects_read},
        "SES": {"mail": used.mails},
        "logs": {"gigabyte_logged": number * assumed["log_bytes"] / 1e9},
        "traffic": {"gigabyte_out": used.bytes_out / 1e9},
    }
    return Bill({service: sum(times * price(name, prices) for name, times in each.items()) for service, each in of.items()})


def gigabyte_seconds(function: str, prices: Mapping[str, Any]) -> float:
    """Of one invocation, with its share of cold starts."""
    assumed, ms = prices["assumed"], prices["assumed"]["ms"]
    warm = float(ms.get(function) or next(taken for end, taken in ms.items() if function.endswith(end)))
    return memory(function) * (warm + float(assumed["cold_share"] * assumed["cold_ms"])) / 1000


def memory(function: str) -> float:
    """GB, as template.yaml gives it."""
    read = template()
    megabytes = read["Resources"][function]["Properties"].get("MemorySize", read["Globals"]["Function"]["MemorySize"])
    return float(megabytes / 1024)


def standing(kind: str) -> int:
    """How many resources of a type the template and the one nested in it make, loops included, conditions not."""
    return sum(each["Type"] == kind for path in (TEMPLATE, OPERATIONS) for each in _resources(template(path)["Resources"]))


def _resources(section: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for name, each in section.items():
        if name.startswith("Fn::ForEach"):
            _, values, body = each
            for _ in values:
                yield from _resources(body)
        else:
            yield each


def idle(prices: Mapping[str, Any] = PRICES, *, free: bool = False) -> Bill:
    """A month in which nobody asks; `free`: within the part of AWS's free tier that does not end after a year."""
    given: Mapping[str, int] = prices["free"] if free else {}
    queues = sum(function.endswith("Worker") for function in template()["Resources"])
    of = {
        "SQS": {"queue_request": queues * POLLERS * 3 * 60 * HOURS},
        "secrets": {"secret": standing("AWS::SecretsManager::Secret")},
        "alarms": {"alarm": standing("AWS::CloudWatch::Alarm"), "dashboard": standing("AWS::CloudWatch::Dashboard")},
        "Lambda": {
            "invocation": sum(SCHEDULED.values()),
            "gigabyte_second": sum(
                times * memory(name) * prices["assumed"]["ms"]["Worker"] / 1000 for name, times in SCHEDULED.items()
            ),
        },
    }
    return Bill(
        {
            service: sum(max(0, times - given.get(name, 0)) * price(name, prices) for name, times in each.items())
            for service, each in of.items()
        }
    )


def conference(tickets: int, counted: Mapping[str, Count], prices: Mapping[str, Any] = PRICES) -> Bill:
    """All that its people do, a month of its data and its metrics, and the idle month around it. No free tier."""
    parts: dict[str, float] = dict(idle(prices).parts)
    for name, times in HABITS.items():
        for service, cost in bill(counted[name].used, prices).parts.items():
            parts[service] = parts.get(service, 0.0) + tickets * times * cost
    stored = tickets * prices["assumed"]["stored_kb"] / 1e6
    parts["DynamoDB"] += stored * (price("gigabyte_stored", prices) + price("gigabyte_recoverable", prices))
    parts["metrics"] = METRICS_HOURS / HOURS * price("metric", prices)
    return Bill(parts)


@dataclass(frozen=True)
class Server:
    name: str
    sums: tuple[tuple[float, str], ...]  # so many hours or months of a price

    def month(self, prices: Mapping[str, Any]) -> float:
        return sum(number * price(name, prices) for number, name in self.sums)

    def arithmetic(self, prices: Mapping[str, Any]) -> str:
        return " + ".join(f"{number:g} × {price(name, prices):g}" for number, name in self.sums)


# The least that six JVM services, PostgreSQL, Redis and Kafka run on, none of them twice but for Kafka's brokers.
SERVERS = (
    Server("6 services on Fargate, ¼ vCPU and 1 GB each", ((6 * HOURS / 4, "fargate_cpu"), (6 * HOURS, "fargate_gigabyte"))),
    Server("PostgreSQL on RDS, db.t4g.micro, 20 GB", ((HOURS, "database"), (20, "database_gigabyte"))),
    Server("Redis on ElastiCache, cache.t4g.micro", ((HOURS, "cache"),)),
    Server("Kafka on MSK, 2 × kafka.t3.small, 10 GB each", ((2 * HOURS, "broker"), (20, "broker_gigabyte"))),
    Server("a load balancer", ((HOURS, "balancer"),)),
)
# All of it on one machine, which no conference should stand on.
MACHINE = Server("one machine of 4 vCPUs and 16 GB, 50 GB", ((HOURS, "machine"), (50, "machine_gigabyte")))


def servers(prices: Mapping[str, Any] = PRICES) -> float:
    """A month of them."""
    return sum(each.month(prices) for each in SERVERS)
