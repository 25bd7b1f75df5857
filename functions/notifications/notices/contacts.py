"""What the messages of contacts tell."""

from functions.notifications import domain
from functions.notifications.letter import Link
from functions.notifications.notice import Notice, Notices
from shared.messages import ContactExchanged


def _met(message: ContactExchanged) -> list[Notice]:
    link = Link("See your contacts", "/contacts")
    return [
        Notice(domain.contact_made(message.exchange_id, message.scanned_name), message.scanner_id, link=link),
        Notice(domain.contact_made(message.exchange_id, message.scanner_name), message.scanned_id, link=link),
    ]


NOTICES: Notices = {ContactExchanged: _met}
