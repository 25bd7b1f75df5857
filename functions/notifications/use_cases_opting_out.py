"""What the link in an e-mail's header and footer does: end e-mails of its kind."""

from functions.notifications.kinds import KINDS, Channel, Choices, Kind
from functions.notifications.opting_out import OptOut, link_dead
from functions.notifications.use_cases import People
from shared.errors import Busy

_TRIES = 5


def look(people: People, *, token: str) -> list[Kind]:
    """What the link would mute: it changes nothing. Raises NotFound."""
    opt_out = OptOut.of(token)
    if not opt_out.is_signed(token, people.get(opt_out.user_id).secret):
        raise link_dead()
    return _kinds(opt_out)


def mute(people: People, *, token: str) -> list[Kind]:
    """No e-mails of these kinds from now on; their inbox stays as it was. May be repeated. Raises NotFound, Busy."""
    kinds, user_id = look(people, token=token), OptOut.of(token).user_id
    for _ in range(_TRIES):
        choices = people.get(user_id).choices
        if people.choose(user_id, _without_mail(choices, kinds), instead_of=choices):
            return kinds
    raise Busy("Your choices are being changed elsewhere. Nothing was done: send the request again.")


def _without_mail(choices: Choices, kinds: list[Kind]) -> Choices:
    muted: dict[str, dict[Channel, bool]] = {name: dict(channels) for name, channels in choices.items()}
    for kind in kinds:
        channels = muted.setdefault(kind.name, {})
        channels["email"] = False
    return muted


def _kinds(opt_out: OptOut) -> list[Kind]:
    return [KINDS[name] for name in opt_out.kinds if name in KINDS and KINDS[name].email.changeable]
