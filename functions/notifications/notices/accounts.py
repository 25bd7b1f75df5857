"""What the messages of auth tell."""

from functions.notifications import domain
from functions.notifications.letter import Link
from functions.notifications.notice import Notice, Notices
from shared.messages import UserRegistered


def _welcome(message: UserRegistered) -> list[Notice]:
    return [Notice(domain.welcome(message.name), message.user_id, link=Link("See what is on", "/events/conferences", open=True))]


NOTICES: Notices = {UserRegistered: _welcome}
