"""The journal's scribe: new records of the table's stream, written into the chain of their conference.

A batch that fails in part is handed over again as a whole: what is written already is not written twice.
"""

from collections import defaultdict
from datetime import datetime

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.tickets.dynamo import DynamoTickets
from functions.tickets.dynamo_devices import DynamoDevices
from functions.tickets.dynamo_directory import DynamoDirectory
from functions.tickets.dynamo_feed import DynamoFeed
from functions.tickets.dynamo_journal import DynamoJournal
from functions.tickets.happenings import happening
from functions.tickets.journal import Happening
from functions.tickets.secret import journal_keys
from functions.tickets.use_cases_offline import publish
from shared.clock import now
from shared.errors import JsonObject
from shared.telemetry import logger

# What scanners hear of. An issue is not among them: the transaction that issues a ticket writes its record.
_CHANGES = ("admitted", "annulled", "cancelled", "forced", "reissued", "transferred")


def handler(event: JsonObject, _: LambdaContext) -> JsonObject:
    by_conference: dict[str, list[Happening]] = defaultdict(list)
    for record in event["Records"]:
        if told := happening(record["dynamodb"]["NewImage"]):
            by_conference[told.conference_id].append(told)
    failure: Exception | None = None
    for conference_id, happenings in by_conference.items():
        try:
            DynamoJournal(journal_keys()).append(conference_id, happenings)
        except Exception as raised:  # noqa: BLE001  # one conference does not hold up the others; raised again below
            logger.exception("not written", conference_id=conference_id)
            failure = raised
    _follow([each for happenings in by_conference.values() for each in happenings])
    if failure:
        raise failure
    logger.info("written", entries={conference_id: len(happenings) for conference_id, happenings in by_conference.items()})
    return {"batchItemFailures": []}


def _follow(happenings: list[Happening]) -> None:
    """What else is kept up to date here, so that no scan and no sale pays for it.

    The directory, what scanners know of tickets, and when scanners were seen.
    """
    told = {each.ticket_id for each in happenings if each.ticket_id and each.kind in ("issued", "reissued", "transferred")}
    if told:
        DynamoDirectory().refresh(told)
    changed = [each.ticket_id for each in happenings if each.ticket_id and each.kind in _CHANGES]
    publish(DynamoFeed(), DynamoTickets(), now, *changed)
    seen: dict[str, datetime] = {}
    for each in happenings:
        by = str(each.facts.get("by", ""))
        if by.startswith("dev_"):
            seen[by] = max(each.at, seen.get(by, each.at))
    for device_id, at in seen.items():
        DynamoDevices().seen(device_id, at)
