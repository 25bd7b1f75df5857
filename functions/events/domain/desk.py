"""Who may do what to a conference, and whether what a change names is there."""

from collections.abc import Mapping
from dataclasses import dataclass

from functions.events.domain.conference import Conference, no_conference
from functions.events.domain.parts import LimitReached, P, Part, References, no_part
from functions.events.domain.sessions import Room, Speaker, Track, UnknownRoom, UnknownSpeaker, UnknownTrack
from functions.events.domain.ticket_types import Pool, TicketType, UnknownPool
from shared.caller import Role
from shared.errors import Forbidden, KeyReused


class WorkInProgress(Forbidden):
    slug, title = "work-in-progress", "Not released yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What somebody who works on a conference has before them: it, their own role, and the parts they asked for by id."""

    conference: Conference
    role: Role | None
    parts: Mapping[str, Part]
    fingerprints: Mapping[str, str]  # of the commands that made the parts, by id
    versions: Mapping[str, int]  # of the parts, by id: the conference's revision at their last change
    counts: Mapping[str, int]  # how many there are of each part, by prefix

    def check_visible(self) -> None:
        """Raises NotFound for a draft, unless its member asks."""
        if not self.conference.is_public and self.role is None:
            raise no_conference(self.conference.id)

    def check_shown(self, kind: type[Part]) -> None:
        """Raises WorkInProgress: what becomes the agenda is its members' until a release shows it; ticket types are on offer."""
        if kind is not TicketType and self.role is None:
            raise WorkInProgress(
                f"What the team of conference {self.conference.id} works on is not public. "
                f"Read what is released: GET /events/conferences/{self.conference.id}/agenda."
            )

    def check_organizer(self) -> None:
        """Raises NotFound as `check_visible` does, and Forbidden for everybody but its organisers."""
        self.check_visible()
        if self.role != "organizer":
            raise Forbidden(
                f"Only an organizer of conference {self.conference.id} may do this; you are {self.role or 'not a member'}."
            )

    def find(self, kind: type[P], part_id: str) -> P:
        """Raises NotFound."""
        part = self.parts.get(part_id)
        if not isinstance(part, kind):
            raise no_part(kind, part_id)
        return part

    def made(self, part: P, fingerprint: str) -> P | None:
        """What an earlier run of the same command made. Raises KeyReused."""
        earlier = self.parts.get(part.id)
        if not isinstance(earlier, type(part)):
            return None
        if self.fingerprints[part.id] != fingerprint:
            raise KeyReused
        return earlier

    def check_limit(self, kind: type[Part]) -> None:
        """Raises LimitReached."""
        if self.counts[kind.prefix] >= kind.limit:
            raise LimitReached(f"This conference has {kind.limit} {kind.noun}s, the most there can be. Delete one first.")

    def check_references(self, references: References) -> None:
        """Raises UnknownRoom, UnknownTrack, UnknownPool, UnknownSpeaker."""
        if references.room_id is not None and not isinstance(self.parts.get(references.room_id), Room):
            raise UnknownRoom(f"This conference has no room {references.room_id!r}. Add it first (POST …/rooms).")
        if references.track_id is not None and not isinstance(self.parts.get(references.track_id), Track):
            raise UnknownTrack(f"This conference has no track {references.track_id!r}. Add it first (POST …/tracks).")
        if references.pool_id is not None and not isinstance(self.parts.get(references.pool_id), Pool):
            raise UnknownPool(f"This conference has no pool {references.pool_id!r}. Add it first (POST …/pools).")
        for speaker_id in references.speaker_ids:
            if not isinstance(self.parts.get(speaker_id), Speaker):
                raise UnknownSpeaker(f"This conference has no speaker {speaker_id!r}. Add them first (POST …/speakers).")
