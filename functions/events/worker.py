"""What the events context does on hearing of things."""

from functions.events.cache import agenda_cache
from functions.events.dynamo import DynamoConferences
from functions.events.use_cases import refresh_agenda
from shared.messages import AgendaReleased
from shared.worker import Worker


def on_agenda_released(message: AgendaReleased) -> None:
    """The release itself fills the cache; this repairs what a crash or an outage of Redis left behind."""
    refresh_agenda(DynamoConferences(), agenda_cache(), conference_id=message.conference_id)


handler = Worker({AgendaReleased: on_agenda_released})
