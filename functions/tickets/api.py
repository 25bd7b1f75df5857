"""The HTTP routes of the tickets context, a file per resource."""

from functions.tickets import (
    api_check_in,
    api_devices,
    api_directory,
    api_gates,
    api_keys,
    api_live,
    api_offline,
    api_tickets,
    api_transfer,
)
from shared.http import Api

app = Api()
for resource in (api_check_in, api_devices, api_directory, api_gates, api_live, api_tickets, api_transfer, api_keys, api_offline):
    app.include_router(resource.router)

handler = app.entry
