"""Conferences in DynamoDB. Every change goes through the conference's own item, whose revision says that nothing else changed."""

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, reduce
from itertools import islice
from operator import or_
from typing import Any, cast

from pydantic import TypeAdapter
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.pagination import ResultIterator
from pynamodb.transactions import TransactWrite

from functions.events.agenda import Agenda, AgendaTooLarge
from functions.events.domain import Conference, Desk, Overtaken, P, Part, Release, Session, Window
from functions.events.items import (
    CONF,
    COUNTERS,
    MEMBER,
    PART,
    PART_ITEMS,
    PUBLISHED,
    RELEASE,
    RELEASED,
    ConferenceItem,
    MemberItem,
    PartItem,
    ReleaseSummaryItem,
    SessionItem,
    SlugItem,
    SnapshotItem,
    part_item,
    part_key,
    partition,
    slug_partition,
    user_partition,
)
from functions.events.items_sales import SoldTicketItem, sold_partition
from functions.events.membership import Member
from functions.events.release_diff import ReleaseSummary
from shared.errors import Malformed
from shared.messages import Message
from shared.table import Item, Outbox, decode_cursor, failed_conditions, page, transact

_PIECE = 350_000  # bytes of a snapshot an item; DynamoDB takes 400 KB with the keys
_PIECES = 10  # a transaction takes 4 MB in all


class DynamoConferences:
    def desk(self, conference_id: str, user_id: str | None, *part_ids: str) -> Desk | None:
        """One BatchGetItem, consistent."""
        pk = partition(conference_id)
        sks = [CONF, *(PART + part_id for part_id in part_ids), *([MEMBER + user_id] if user_id else [])]
        found = {item.sk: item for item in Item.batch_get([(pk, sk) for sk in sks], consistent_read=True)}
        conference = found.get(CONF)
        if not isinstance(conference, ConferenceItem):
            return None
        member = found.get(f"{MEMBER}{user_id}")
        parts = {item.id: item for item in found.values() if isinstance(item, PartItem)}
        return Desk(
            conference=conference.to_domain(),
            role=member.to_domain().role if isinstance(member, MemberItem) else None,
            parts={part_id: item.to_domain() for part_id, item in parts.items()},
            fingerprints={conference_id: conference.fingerprint, **{part_id: item.fingerprint for part_id, item in parts.items()}},
            versions={part_id: int(item.version) for part_id, item in parts.items()},
            counts=conference.counts(),
        )

    def is_slug_taken(self, slug: str) -> bool:
        return any(SlugItem.query(slug_partition(slug), consistent_read=True))

    def published(self, limit: int, cursor: str | None) -> tuple[list[Conference], str | None]:
        start = decode_cursor(cursor, PUBLISHED, "gsi1pk")
        items, next_cursor = page(ConferenceItem.gsi1.query(PUBLISHED, limit=limit, last_evaluated_key=start))
        return [cast("ConferenceItem", item).to_domain() for item in items], next_cursor

    def of_member(self, user_id: str, limit: int, cursor: str | None) -> tuple[list[Conference], str | None]:
        pk = user_partition(user_id)
        start = decode_cursor(cursor, pk, "gsi1pk")
        members, next_cursor = page(MemberItem.gsi1.query(pk, limit=limit, last_evaluated_key=start))
        keys = [(member.pk, CONF) for member in members]
        found = {item.pk: cast("ConferenceItem", item) for item in Item.batch_get(keys, consistent_read=True)}
        return [found[pk].to_domain() for pk, _ in keys], next_cursor

    def parts(self, kind: type[P], conference_id: str, limit: int, cursor: str | None) -> tuple[list[P], str | None]:
        start = decode_cursor(cursor, partition(conference_id))
        prefix = f"{PART}{kind.prefix}_"
        items, next_cursor = page(_query(kind, conference_id, limit=limit, last_evaluated_key=within(start, prefix)))
        return [cast("P", item.to_domain()) for item in items], next_cursor

    def every(self, kind: type[P], conference_id: str) -> list[P]:
        return [cast("P", item.to_domain()) for item in _query(kind, conference_id)]

    def sessions_beside(self, conference_id: str, session: Session) -> Iterable[Session]:
        overlaps = (SessionItem.starts_at < session.ends_at) & (SessionItem.ends_at > session.starts_at)
        shares: list[Condition] = [SessionItem.speaker_ids.contains(speaker_id) for speaker_id in session.speaker_ids]
        if session.room_id is not None:
            shares.append(SessionItem.room_id == session.room_id)
        return _sessions(conference_id, overlaps & reduce(or_, shares)) if shares else ()

    def sold(self, ticket_type_id: str) -> int:
        return SoldTicketItem.gsi1.count(sold_partition(ticket_type_id))

    def sessions_naming(self, conference_id: str, part_id: str) -> Iterable[Session]:
        return _sessions(conference_id, _naming(part_id))

    def sessions_outside(self, conference_id: str, window: Window) -> Iterable[Session]:
        return _sessions(conference_id, (SessionItem.starts_at < window.starts_at) | (SessionItem.ends_at > window.ends_at))

    def create(self, conference: Conference, founder: Member, fingerprint: str, messages: Sequence[Message]) -> None:
        items = SlugItem.of(conference), ConferenceItem.of(conference, fingerprint), MemberItem.of(founder)
        commit(put_new(*items), post(messages))

    def revise(self, conference: Conference, messages: Sequence[Message]) -> None:
        commit(_revise(conference), post(messages))

    def add(self, conference: Conference, part: Part, fingerprint: str, messages: Sequence[Message]) -> None:
        commit(put_new(part_item(conference, part, fingerprint)), touch(conference, type(part), 1), post(messages))

    def replace(self, conference: Conference, part: Part, fingerprint: str, messages: Sequence[Message]) -> None:
        def overwrite(transaction: TransactWrite) -> None:
            transaction.save(part_item(conference, part, fingerprint))

        commit(overwrite, touch(conference), post(messages))

    def remove(self, conference: Conference, part: Part) -> None:
        def delete(transaction: TransactWrite) -> None:
            transaction.delete(part_key(conference.id, part))

        commit(delete, touch(conference, type(part), -1))

    def release(
        self, conference: Conference, release: Release, agenda: Agenda, fingerprint: str, messages: Sequence[Message]
    ) -> None:
        snapshot = SnapshotItem.of(conference.id, release.release, _pack(agenda))
        summary = ReleaseSummaryItem.of(conference.id, agenda.summary)
        commit(put_new(part_item(conference, release, fingerprint), summary, *snapshot), _revise(conference), post(messages))

    def latest_agenda(self, conference_id: str) -> Agenda | None:
        """One Query, unless the snapshot is larger than the 1 MB that one answers."""
        return _newest_agenda(conference_id, RELEASE)

    def latest_number(self, conference_id: str) -> float | None:
        """One GetItem, consistent."""
        try:
            item = ConferenceItem.get(
                partition(conference_id), CONF, consistent_read=True, attributes_to_get=["release", "rendition"]
            )
        except ConferenceItem.DoesNotExist:
            return None
        release, reworded = int(item.release), float(item.rendition or 0)
        return reworded if int(reworded) == release else release

    def releases(self, conference_id: str, limit: int, cursor: str | None) -> tuple[list[ReleaseSummary], str | None]:
        pk = partition(conference_id)
        start = within(decode_cursor(cursor, pk), RELEASED)
        here = ReleaseSummaryItem.sk.startswith(RELEASED)
        found = ReleaseSummaryItem.query(pk, here, scan_index_forward=False, limit=limit, last_evaluated_key=start)
        items, next_cursor = page(found)
        return [item.to_domain() for item in items], next_cursor

    def contents(self, conference_id: str) -> list[Part]:
        """One Query, unless the parts are more than the 1 MB that one answers."""
        items = Item.query(partition(conference_id), Item.sk.startswith(PART), consistent_read=True)
        return [item.to_domain() for item in items if isinstance(item, PartItem)]

    def released_agenda(self, conference_id: str, release: int) -> Agenda | None:
        return _newest_agenda(conference_id, f"{RELEASE}{release:08}#")


Write = Callable[[TransactWrite], None]


def commit(*writes: Write) -> None:
    """All or nothing. Raises Overtaken where a condition fails: what was read is no longer so."""

    def compose(transaction: TransactWrite) -> None:
        for write in writes:
            write(transaction)

    try:
        transact(compose)
    except TransactWriteError as failure:
        if failed_conditions(failure):
            raise Overtaken from failure
        raise


def put_new(*items: Item) -> Write:
    def write(transaction: TransactWrite) -> None:
        for item in items:
            transaction.save(item, condition=Item.pk.does_not_exist())

    return write


def post(messages: Sequence[Message]) -> Write:
    def write(transaction: TransactWrite) -> None:
        for message in messages:
            transaction.save(Outbox.of(message))

    return write


def touch(conference: Conference, counted: type[Part] | None = None, by: int = 0) -> Write:
    """Of the conference, only its new revision, and that it has `by` more of a part."""
    counters = [ConferenceItem.get_attributes()[COUNTERS[counted]].add(by)] if counted else []
    return _update(conference, [ConferenceItem.revision.set(conference.revision), *counters])


def _revise(conference: Conference) -> Write:
    return _update(conference, ConferenceItem.revising(conference))


def _update(conference: Conference, actions: list[Action]) -> Write:
    def write(transaction: TransactWrite) -> None:
        unchanged = ConferenceItem.revision == conference.revision - 1
        transaction.update(ConferenceItem.key(conference.id), actions=actions, condition=unchanged)

    return write


def _query(kind: type[Part], conference_id: str, **options: Any) -> ResultIterator[PartItem]:
    prefix = f"{PART}{kind.prefix}_"
    return PART_ITEMS[kind].query(partition(conference_id), Item.sk.startswith(prefix), consistent_read=True, **options)


def _sessions(conference_id: str, where: Condition) -> Iterator[Session]:
    for item in _query(Session, conference_id, filter_condition=where):
        yield cast("Session", item.to_domain())


def _naming(part_id: str) -> Condition:
    named: Condition = (
        (SessionItem.room_id == part_id) | (SessionItem.track_id == part_id) | SessionItem.speaker_ids.contains(part_id)
    )
    return named


def _newest_agenda(conference_id: str, prefix: str) -> Agenda | None:
    items = SnapshotItem.query(
        partition(conference_id),
        SnapshotItem.sk.startswith(prefix),
        scan_index_forward=False,
        consistent_read=True,
        page_size=1_000_000 // _PIECE + 1,  # as many of the largest as one answer holds, and few of what is not wanted
    )
    first = next(items, None)
    if first is None:
        return None
    return _unpack([first.data, *(item.data for item in islice(items, int(first.pieces) - 1))])


def within(start: dict[str, Any] | None, prefix: str) -> dict[str, Any] | None:
    """A cursor that lies where the query reads: DynamoDB refuses any other. Raises Malformed."""
    if start and not start["sk"]["S"].startswith(prefix):
        raise Malformed("The cursor is not one that this list gave. Start again without it.")
    return start


@cache
def _snapshots() -> TypeAdapter[Agenda]:
    return TypeAdapter(Agenda)


def _pack(agenda: Agenda) -> list[bytes]:
    """The snapshot in pieces that fit an item each. Raises AgendaTooLarge."""
    return pieces(_snapshots().dump_json(agenda))


def pieces(snapshot: bytes) -> list[bytes]:
    """Raises AgendaTooLarge."""
    data = zlib.compress(snapshot)
    if len(data) > _PIECE * _PIECES:
        raise AgendaTooLarge(
            f"Compressed, the agenda has {len(data):,} bytes; at most {_PIECE * _PIECES:,} fit. Shorten its texts."
        )
    return [data[start : start + _PIECE] for start in range(0, len(data), _PIECE)]


def _unpack(pieces: Iterable[bytes]) -> Agenda:
    return _snapshots().validate_json(zlib.decompress(b"".join(pieces)))
