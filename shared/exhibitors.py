"""The team of a company that exhibits at a conference: its id, by which contexts mean the same."""

from shared.ids import derived_id


def founded_team(conference_id: str, company: str) -> str:
    """Of who is first asked for a company; whoever is asked for it later joins them, spaced or capitalised otherwise or not.

    From then on the id is the team: whomever a colleague invites has it, whatever the company is called.
    """
    return derived_id("exh", conference_id, " ".join(company.split()).casefold())


def is_team(party_id: str) -> bool:
    return party_id.startswith("exh_")
