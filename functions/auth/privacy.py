"""What becomes of a person's data here when they are erased: all of it goes."""

from shared.personal import Rules

RULES = Rules(of_account=frozenset({"Credential", "User"}))
