"""Agendas that were released, without a speaker who has been erased since: each snapshot that names them is written anew."""

import json
import zlib
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from typing import Any

from pynamodb.transactions import TransactWrite

from functions.events.agenda import number_of
from functions.events.dynamo import pieces
from functions.events.items import RELEASE, ConferenceItem, SnapshotItem, partition
from shared.nobody import NOBODY
from shared.table import transact

Snapshot = dict[str, Any]  # JSON, as any version of the program wrote it


def reword(conference_id: str, speaker_ids: Collection[str], names: Collection[str]) -> None:
    """May be repeated. The latest gets another number, by which the cache of agendas tells that it is not what it holds."""
    latest = 0.0
    for release, kept in _snapshots(conference_id):
        before: Snapshot = json.loads(zlib.decompress(b"".join(item.data for item in kept)))
        after = _without(before, speaker_ids, names)
        if after != before:
            after["reworded"] = before.get("reworded", 0) + 1
            _replace(conference_id, release, kept, after)
        latest = max(latest, number_of(release, after.get("reworded", 0)))
    if latest != int(latest):
        ConferenceItem.key(conference_id).update(actions=[ConferenceItem.rendition.set(latest)])


def _snapshots(conference_id: str) -> Iterator[tuple[int, list[SnapshotItem]]]:
    here = SnapshotItem.sk.startswith(RELEASE)
    items = SnapshotItem.query(partition(conference_id), here, scan_index_forward=False, consistent_read=True)
    for release, kept in groupby(items, key=lambda item: int(item.release)):
        yield release, list(kept)


def _replace(conference_id: str, release: int, kept: list[SnapshotItem], after: Snapshot) -> None:
    written = SnapshotItem.of(conference_id, release, pieces(json.dumps(after).encode()))
    stays = {item.sk for item in written}

    def compose(transaction: TransactWrite) -> None:
        for item in kept:
            if item.sk not in stays:
                transaction.delete(item)
        for item in written:
            transaction.save(item)

    transact(compose)


def _without(value: Any, speaker_ids: Collection[str], names: Collection[str]) -> Any:
    """Their profile says nothing, and where their name stands by itself nobody's does."""
    if isinstance(value, Mapping):
        theirs = value.get("id") in speaker_ids
        return {
            key: NOBODY if theirs and key in ("name", "biography", "company") and each else _without(each, speaker_ids, names)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_without(each, speaker_ids, names) for each in value]
    return NOBODY if isinstance(value, str) and value in names else value
