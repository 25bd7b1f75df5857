"""The HTTP routes of the contacts context, a file per resource."""

from functions.contacts import api_cards, api_consent, api_contacts, api_exchange, api_leads
from shared.http import Api

app = Api()
for resource in (api_cards, api_exchange, api_consent, api_leads, api_contacts):  # the last takes any word for an id
    app.include_router(resource.router)

handler = app.entry
