"""The HTTP routes of the events context, a file per resource."""

from functions.events import api_agenda, api_conferences, api_members, api_rooms, api_sessions, api_speakers, api_ticket_types
from shared.http import Api

app = Api()
for resource in (api_conferences, api_rooms, api_speakers, api_sessions, api_ticket_types, api_members, api_agenda):
    app.include_router(resource.router)

handler = app.entry
