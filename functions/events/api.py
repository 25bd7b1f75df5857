"""The HTTP routes of the events context, a file per resource."""

from functions.events import (
    api_agenda,
    api_calendars,
    api_conferences,
    api_members,
    api_pools,
    api_releases,
    api_rooms,
    api_schedule,
    api_sessions,
    api_speakers,
    api_stars,
    api_ticket_types,
    api_tracks,
)
from shared.http import Api

app = Api()
for resource in (
    api_conferences,
    api_rooms,
    api_tracks,
    api_speakers,
    api_sessions,
    api_pools,
    api_ticket_types,
    api_members,
    api_agenda,
    api_schedule,
    api_releases,
    api_stars,
    api_calendars,
):
    app.include_router(resource.router)

handler = app.entry
