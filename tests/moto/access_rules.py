"""Who may do what: the rules that test_access.py holds every route to, and bodies that each route takes."""

import base64
import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

# Callers: `owner` has the ticket, the order, the contact …; `elsewhere` organises another conference.
ROLES = ("anonymous", "stranger", "owner", "exhibitor", "speaker", "staff", "elsewhere", "organizer")
EVERYBODY = frozenset(ROLES)
PERSONS = EVERYBODY - {"anonymous"}  # of one's own things: who has none makes one, or is told that there are none
OWNER = frozenset({"owner"})
EXHIBITOR = frozenset({"exhibitor"})
ORGANIZER = frozenset({"organizer"})
CREW = frozenset({"staff", "organizer"})
MEMBERS = frozenset({"exhibitor", "speaker", "staff", "organizer"})
NOBODY: frozenset[str] = frozenset()  # only who has the secret that was mailed or shown

CONFERENCE, ORDERS, DOOR, LEADS = (
    "/events/conferences/{conference_id}",
    "/orders/conferences/{conference_id}",
    "/tickets/conferences/{conference_id}",
    "/contacts/conferences/{conference_id}/leads",
)


def parts(kind: str, one: str, seen_by: frozenset[str]) -> dict[str, frozenset[str]]:
    many, single = f"{CONFERENCE}/{kind}", f"{CONFERENCE}/{kind}/{{{one}}}"
    written = {f"POST {many}", f"PATCH {single}", f"DELETE {single}"}
    return dict.fromkeys((f"GET {many}", f"GET {single}"), seen_by) | dict.fromkeys(written, ORGANIZER)


def rules(who: frozenset[str], *routes: str) -> dict[str, frozenset[str]]:
    return dict.fromkeys(routes, who)


RULES: dict[str, frozenset[str]] = {
    # Accounts: public, or one's own
    **rules(EVERYBODY, "GET /.well-known/jwks.json", "GET /auth/link", "POST /auth/register", "POST /auth/password/forgot"),
    **rules(NOBODY, "POST /auth/login", "POST /auth/refresh", "POST /auth/email/confirm", "POST /auth/password/reset"),
    **rules(
        PERSONS,
        "GET /auth/me",
        "PATCH /auth/me",
        "DELETE /auth/me",
        "GET /auth/me/export",
        "PUT /auth/password",
        "POST /auth/logout",
    ),
    **rules(PERSONS, "GET /auth/me/consents", "POST /auth/me/consents", "POST /auth/email/change", "POST /auth/email/verification"),
    **rules(PERSONS, "GET /auth/sessions", "DELETE /auth/sessions"),
    **rules(OWNER, "DELETE /auth/sessions/{session_id}"),
    # Conferences
    **rules(EVERYBODY, "GET /events/conferences", f"GET {CONFERENCE}", f"GET {CONFERENCE}/agenda", f"GET {CONFERENCE}/agenda.ics"),
    **rules(EVERYBODY, f"GET {CONFERENCE}/agenda/now", f"GET {CONFERENCE}/agenda/releases"),
    **rules(EVERYBODY, f"GET {CONFERENCE}/agenda/releases/{{release}}"),
    **rules(EVERYBODY, f"GET {CONFERENCE}/schedule.json", f"GET {CONFERENCE}/schedule.xml"),
    **rules(PERSONS, "POST /events/conferences"),
    **rules(ORGANIZER, f"PATCH {CONFERENCE}", f"POST {CONFERENCE}/archive", f"POST {CONFERENCE}/publish"),
    **rules(ORGANIZER, f"POST {CONFERENCE}/agenda/releases", f"POST {CONFERENCE}/schedule"),
    **rules(ORGANIZER | EXHIBITOR, f"GET {CONFERENCE}/members", f"POST {CONFERENCE}/members"),  # an exhibitor: their own team
    **rules(ORGANIZER, f"DELETE {CONFERENCE}/members/{{member_id}}"),  # the member here is not of the exhibitor's team
    **rules(ORGANIZER, f"GET {CONFERENCE}/stars/counts"),
    **parts("pools", "pool_id", MEMBERS),
    **parts("rooms", "room_id", MEMBERS),
    **parts("sessions", "session_id", MEMBERS),
    **parts("speakers", "speaker_id", MEMBERS),
    **parts("tracks", "track_id", MEMBERS),
    **parts("ticket-types", "ticket_type_id", EVERYBODY),
    **rules(PERSONS, f"GET {CONFERENCE}/stars", f"PUT {CONFERENCE}/sessions/{{session_id}}/star"),
    **rules(PERSONS, f"DELETE {CONFERENCE}/sessions/{{session_id}}/star"),
    **rules(PERSONS, f"POST {CONFERENCE}/calendar", f"DELETE {CONFERENCE}/calendar"),
    **rules(NOBODY, "GET /events/calendars/{token}", "POST /events/invitations/accept"),
    # Orders
    **rules(EVERYBODY, "GET /orders/availability/{conference_id}", "GET /orders/availability/{conference_id}/vouchers/{code}"),
    **rules(PERSONS, "GET /orders", "POST /orders", "GET /orders/waiting-list", "POST /orders/waiting-list"),
    **rules(NOBODY, "GET /orders/waiting-list/leave/{token}", "POST /orders/waiting-list/leave/{token}"),
    **rules(EVERYBODY, "POST /orders/webhooks/stripe"),  # what is not signed is not acted on: tests/moto/test_orders_stripe.py
    **rules(OWNER, "POST /orders/{order_id}/payments"),
    **rules(OWNER | ORGANIZER, "GET /orders/{order_id}", "POST /orders/{order_id}/refunds", "POST /orders/{order_id}/cancel"),
    **rules(OWNER | CREW, "POST /orders/{order_id}/mails"),
    **rules(OWNER | ORGANIZER, "PATCH /orders/{order_id}/tickets/{number}"),
    **rules(CREW, f"GET {ORDERS}"),
    **rules(ORGANIZER, f"GET {ORDERS}/export.csv", f"GET {ORDERS}/mended", f"GET {ORDERS}/totals"),
    **rules(ORGANIZER, f"PUT {ORDERS}/stripe", f"PUT {ORDERS}/refund-policy"),
    **rules(PERSONS, f"GET {ORDERS}/refund-policy", f"GET {ORDERS}/stripe"),  # of the keys, the one that is public
    **rules(ORGANIZER, f"GET {ORDERS}/vouchers", f"POST {ORDERS}/vouchers", f"GET {ORDERS}/waiting-list"),
    **rules(ORGANIZER, *(f"{method} {ORDERS}/vouchers/{{voucher_id}}" for method in ("GET", "PATCH", "DELETE"))),
    # Tickets and the door
    **rules(PERSONS, "GET /tickets", "GET /tickets/transfers"),
    **rules(OWNER, "GET /tickets/{ticket_id}", "GET /tickets/{ticket_id}/pdf", "GET /tickets/{ticket_id}/qrcode"),
    **rules(
        OWNER, "POST /tickets/{ticket_id}/reissue", "POST /tickets/{ticket_id}/transfer", "DELETE /tickets/{ticket_id}/transfer"
    ),
    **rules(OWNER, "GET /tickets/{ticket_id}/transfer"),
    **rules(NOBODY, "POST /tickets/{ticket_id}/transfer/accept", "POST /tickets/{ticket_id}/transfer/decline"),
    # The crew of another conference hears that the ticket is for another conference, and nothing else.
    **rules(CREW | {"elsewhere"}, "POST /tickets/check-in", "POST /tickets/check-in/batch"),
    **rules(frozenset({"staff"}), "DELETE /tickets/check-in/{nonce}"),  # whoever scanned annuls
    **rules(CREW, f"GET {DOOR}/offline", f"POST {DOOR}/look-up", f"GET {DOOR}/journal"),
    **rules(CREW, f"GET {DOOR}/conflicts", f"POST {DOOR}/conflicts/{{conflict_id}}/resolution", f"GET {DOOR}/stats"),
    **rules(CREW, f"GET {DOOR}/gates", f"GET {DOOR}/gates/{{gate_id}}"),
    **rules(ORGANIZER, f"POST {DOOR}/gates", f"PATCH {DOOR}/gates/{{gate_id}}", f"DELETE {DOOR}/gates/{{gate_id}}"),
    **rules(
        ORGANIZER, f"POST {DOOR}/tickets/{{ticket_id}}/reissue", f"POST {DOOR}/keys", f"POST {DOOR}/tickets/{{ticket_id}}/cancel"
    ),
    **rules(EVERYBODY, f"GET {DOOR}/journal/head", f"GET {DOOR}/keys"),
    **rules(PERSONS, f"GET {DOOR}/transfers"),
    **rules(ORGANIZER, f"PUT {DOOR}/transfers"),
    **rules(ORGANIZER, "GET /tickets/devices", "POST /tickets/devices", "DELETE /tickets/devices/{device_id}"),
    **rules(ORGANIZER, "POST /tickets/devices/{device_id}/pairing"),
    **rules(NOBODY, "POST /tickets/devices/pair"),
    # Contacts
    **rules(
        PERSONS,
        "GET /contacts",
        "GET /contacts/card",
        "PUT /contacts/card",
        "POST /contacts/card/code",
        "GET /contacts/card/qrcode",
        "POST /contacts/card/screen-code",
        "GET /contacts/export",
        "GET /contacts/holders",
        "GET /contacts/blocked",
    ),
    **rules(NOBODY, "DELETE /contacts/card", "DELETE /contacts/blocked/{party_id}"),  # of one's own, and there is none here
    **rules(OWNER, "GET /contacts/{contact_id}", "PATCH /contacts/{contact_id}", "DELETE /contacts/{contact_id}"),
    **rules(OWNER, "POST /contacts/{contact_id}/confirmation", "PUT /contacts/{contact_id}/shown"),
    **rules(OWNER, "POST /contacts/{contact_id}/withdrawal", "POST /contacts/{contact_id}/block"),
    **rules(PERSONS, "POST /contacts/exchange", "POST /contacts/exchange/batch"),
    **rules(EXHIBITOR, f"GET {LEADS}", f"GET {LEADS}/export", f"PATCH {LEADS}/{{contact_id}}", f"DELETE {LEADS}/{{contact_id}}"),
    # Notifications
    **rules(PERSONS, "GET /notifications", "DELETE /notifications", "POST /notifications/read-all", "POST /notifications/live"),
    **rules(PERSONS, "GET /notifications/preferences", "PUT /notifications/preferences", "POST /notifications/preferences/email"),
    **rules(OWNER, "POST /notifications/{notification_id}/read", "DELETE /notifications/{notification_id}"),
    **rules(NOBODY, "GET /notifications/unsubscribe/{token}", "POST /notifications/unsubscribe/{token}"),
}

# What `events/` has no example of.
BODIES: dict[str, Any] = {
    "POST /auth/email/change": {"email": "new@example.org", "password": "correct horse battery"},
    "POST /auth/logout": {"refresh_token": "not-one"},
    "POST /auth/refresh": {"refresh_token": "not-one"},
    "DELETE /auth/me": {"password": "correct horse battery"},
    "PATCH /auth/me": {"name": "Another"},
    "PUT /auth/password": {"password": "correct horse battery", "new_password": "incorrect horse battery"},
    "POST /auth/password/reset": {"token": "not.a.token", "password": "incorrect horse battery"},
    "PATCH /contacts/{contact_id}": {"note": "slides"},
    f"PATCH {LEADS}/{{contact_id}}": {"rating": 5},
    f"PATCH {CONFERENCE}/pools/{{pool_id}}": {"capacity": 900},
    f"PATCH {CONFERENCE}/rooms/{{room_id}}": {"name": "Another"},
    f"PATCH {CONFERENCE}/sessions/{{session_id}}": {"title": "Another"},
    f"PATCH {CONFERENCE}/speakers/{{speaker_id}}": {"name": "Another"},
    f"PATCH {CONFERENCE}/tracks/{{track_id}}": {"name": "Another"},
    f"POST {CONFERENCE}/members": {"email": "colleague@example.org", "role": "exhibitor"},
    f"PATCH {ORDERS}/vouchers/{{voucher_id}}": {"note": "for friends"},
    f"PATCH {DOOR}/gates/{{gate_id}}": {"name": "Another"},
    f"POST {CONFERENCE}/sessions": {
        "title": "A",
        "type": "talk",
        "starts_at": "2099-06-03T09:30:00+02:00",
        "ends_at": "2099-06-03T10:15:00+02:00",
    },
}
COUNTED = {"/auth/login"}  # a refusal there is written down, to slow down whoever guesses
PASSWORD = "correct horse battery"


def example(method: str, path: str) -> Any:
    """A body that the route takes: its example in `events/`."""
    pattern = re.compile(re.sub(r"{\w+}", "[^/]+", path))
    for file in sorted((ROOT / "events").rglob("*.json")):
        event = json.loads(file.read_text())
        if event.get("httpMethod") == method and event.get("body") and pattern.fullmatch(event["path"]):
            return json.loads(base64.b64decode(event["body"]) if event["isBase64Encoded"] else event["body"])
    raise LookupError(f"{method} {path}: put an example into events/, or a body into BODIES")
