"""What becomes of a person's data here when they are erased: cards, codes, and the copies that others hold of them."""

from shared.personal import Rules

RULES = Rules(
    deleted=frozenset({"ContactScan"}),
    about={"Code": "user_id", "Contact": "other_id", "Lead": "other_id"},
)
