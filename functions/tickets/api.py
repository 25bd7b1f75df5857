"""The HTTP routes of the tickets context, a file per resource."""

from functions.tickets import api_check_in, api_devices, api_gates, api_tickets
from shared.http import Api

app = Api()
for resource in (api_check_in, api_devices, api_gates, api_tickets):
    app.include_router(resource.router)

handler = app.entry
