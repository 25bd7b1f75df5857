"""What the events context does on hearing of things."""

from functions.events.cache import agenda_cache
from functions.events.dynamo import DynamoConferences
from functions.events.dynamo_stars import DynamoPost, DynamoStars
from functions.events.use_cases import refresh_agenda
from functions.events.use_cases_stars import tell_of_changes
from shared.messages import AgendaReleased
from shared.telemetry import count
from shared.worker import Worker


def on_agenda_released(message: AgendaReleased) -> None:
    """Tell those whom it concerns; and repair what a crash or an outage of Redis left in the cache that the release filled."""
    told = tell_of_changes(DynamoConferences(), DynamoStars(), DynamoPost(), message)
    count("AgendaMovesTold", message.conference_id, told)
    refresh_agenda(DynamoConferences(), agenda_cache(), conference_id=message.conference_id)


handler = Worker({AgendaReleased: on_agenda_released})
