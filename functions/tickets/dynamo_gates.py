"""The plan of a conference's gates, in the context's table (`items_door.py` has its key)."""

from collections.abc import Mapping

from pynamodb.exceptions import PutError

from functions.tickets.domain import Stale
from functions.tickets.dynamo_journal import head_and_counts
from functions.tickets.gates import DoorPlan
from functions.tickets.items_door import DoorPlanItem, door


class DynamoGates:
    """Implements `use_cases_gates.Gates`."""

    def plan(self, conference_id: str) -> DoorPlan:
        try:
            return DoorPlanItem.get(door(conference_id), "PLAN", consistent_read=True).domain()
        except DoorPlanItem.DoesNotExist:
            return DoorPlan(conference_id)

    def inside(self, conference_id: str) -> Mapping[str, int]:
        return head_and_counts(conference_id)[1].inside

    def save(self, before: DoorPlan, after: DoorPlan) -> None:
        unchanged = DoorPlanItem.version == before.version if before.version else DoorPlanItem.pk.does_not_exist()
        try:
            DoorPlanItem.of(after).save(condition=unchanged)
        except PutError as failure:
            if failure.cause_response_code != "ConditionalCheckFailedException":
                raise
            raise Stale from failure
