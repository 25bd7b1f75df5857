"""Who is told what about each message: one table per source context, one function per message (docs/notifications.md)."""

from functions.notifications.notice import Notices
from functions.notifications.notices import accounts, conferences, contacts, orders, tickets, waiting

NOTICES: Notices = {
    **accounts.NOTICES,
    **conferences.NOTICES,
    **orders.NOTICES,
    **tickets.NOTICES,
    **waiting.NOTICES,
    **contacts.NOTICES,
}
