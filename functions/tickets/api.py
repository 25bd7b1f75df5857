"""The HTTP routes of the tickets context, a file per resource."""

from functions.tickets import api_check_in, api_tickets
from shared.http import Api

app = Api()
for resource in (api_tickets, api_check_in):
    app.include_router(resource.router)

handler = app.entry
