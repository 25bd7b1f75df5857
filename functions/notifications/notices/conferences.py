"""What the messages of events tell."""

from functions.notifications import domain
from functions.notifications.domain import News, conference_named
from functions.notifications.letter import Link, Mailbox
from functions.notifications.notice import Notice, Notices
from shared.clock import local_time
from shared.messages import AgendaMoved, MemberInvited, MembershipChanged, RetentionEnding


def _role_changed(message: MembershipChanged) -> list[Notice]:
    return [Notice(domain.role_changed(message.conference_id, message.conference_name, message.role), message.user_id)]


def _invited(message: MemberInvited) -> list[Notice]:
    until = local_time(message.expires_at, message.time_zone)
    # In the fragment, which a browser sends to nobody.
    link = Link("Accept the invitation", f"/auth/link#invitation={message.token}", open=True)
    return [Notice(domain.invited(message.conference_name, message.role, until), address=Mailbox("", message.email), link=link)]


def _moved(message: AgendaMoved) -> list[Notice]:
    canceled = [domain.session_canceled(session.title, session.start) for session in message.canceled]
    moved = [domain.session_moved(session.title, session.old_start, session.start, session.room) for session in message.moved]
    news = domain.agenda_moved(
        message.conference_id, message.conference_name, message.release, [*canceled, *moved], more=message.more
    )
    link = Link("See the agenda", f"/events/conferences/{message.conference_id}/agenda", open=True)
    return [Notice(news, message.user_id, link=link)]


def _retention_ending(message: RetentionEnding) -> list[Notice]:
    conference = conference_named(message.conference_name)
    news = News(
        "retention-ending",
        f"What is known of the people at {conference} is soon anonymised",
        f"On {local_time(message.ends_at, message.time_zone)} names and addresses go from its orders, tickets and lists; amounts "
        "and counts stay. Export before what you must keep, or change how long it is kept (retention_days of the conference).",
        {"conference_id": message.conference_id},
    )
    link = Link("See the conference", f"/events/conferences/{message.conference_id}", open=True)
    return [Notice(news, user_id, link=link) for user_id in message.organizers]


NOTICES: Notices = {
    MemberInvited: _invited,
    MembershipChanged: _role_changed,
    AgendaMoved: _moved,
    RetentionEnding: _retention_ending,
}
