"""Retention in DynamoDB: a conference of which a step is still to come is in gsi2 under RETENTION, by when that is due."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from functions.events.domain import Conference
from functions.events.dynamo import DynamoConferences
from functions.events.items import CONF, MEMBER, RETENTION, ConferenceItem, MemberItem, partition
from shared.clock import iso
from shared.messages import Message
from shared.table import Item


class DynamoRetained:
    """Implements `use_cases_retention.Retained`."""

    def due(self, at: datetime) -> Iterable[str]:
        until = ConferenceItem.gsi2sk < f"{iso(at)}$"  # after `#`, with which the conference's id follows the instant
        return (item.pk.partition("#")[2] for item in ConferenceItem.gsi2.query(RETENTION, until))

    def get(self, conference_id: str) -> Conference | None:
        try:
            return ConferenceItem.get(partition(conference_id), CONF, consistent_read=True).to_domain()
        except ConferenceItem.DoesNotExist:
            return None

    def organizers(self, conference_id: str) -> tuple[str, ...]:
        of_them = MemberItem.role == "organizer"
        found = MemberItem.query(partition(conference_id), Item.sk.startswith(MEMBER), filter_condition=of_them)
        return tuple(item.user_id for item in found)

    def revise(self, conference: Conference, messages: Sequence[Message]) -> None:
        DynamoConferences().revise(conference, messages)
