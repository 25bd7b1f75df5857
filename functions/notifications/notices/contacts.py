"""What the messages of contacts tell. Leads are a company's: its team is not told of each."""

from functions.notifications import domain
from functions.notifications.letter import Link
from functions.notifications.notice import Notice, Notices
from shared.exhibitors import is_team
from shared.messages import ContactConfirmed, ContactExchanged, ContactWithdrawn

_CONTACTS = Link("See your contacts", "/contacts")
_AWAITING = Link("See who waits", "/contacts?awaiting=true")


def _met(message: ContactExchanged) -> list[Notice]:
    of_scanner = domain.contact_made(message.exchange_id, message.scanned_name, message.scanned_company)
    of_scanned = domain.contact_made(message.exchange_id, message.scanner_name, message.scanner_company)
    notices = []
    if not message.scanner_team:
        notices.append(Notice(of_scanner, message.scanner_id, link=_CONTACTS))
        if message.scanner_asked:
            awaits = domain.contact_awaits(message.exchange_id, message.scanned_name)
            notices.append(Notice(awaits, message.scanner_id, link=_AWAITING))
    if not message.scanned_team:
        notices.append(Notice(of_scanned, message.scanned_id, link=_CONTACTS))
        if message.scanned_asked:
            awaits = domain.contact_awaits(message.exchange_id, message.scanner_name)
            notices.append(Notice(awaits, message.scanned_id, link=_AWAITING))
    return notices


def _confirmed(message: ContactConfirmed) -> list[Notice]:
    return _to_holder(message.holder_id, domain.contact_confirmed(message.exchange_id, message.name))


def _withdrawn(message: ContactWithdrawn) -> list[Notice]:
    if not message.listed:
        return []
    return _to_holder(message.holder_id, domain.contact_withdrawn(message.exchange_id, whole=message.whole))


def _to_holder(holder_id: str, news: domain.News) -> list[Notice]:
    return [] if is_team(holder_id) else [Notice(news, holder_id, link=_CONTACTS)]


NOTICES: Notices = {ContactExchanged: _met, ContactConfirmed: _confirmed, ContactWithdrawn: _withdrawn}
