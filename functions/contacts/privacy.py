"""What becomes of a person's data here when they are erased: cards, codes, and the copies that others hold of them."""

from shared.personal import Rules

RULES = Rules(deleted=frozenset({"Card", "Code", "Contact", "ContactScan"}))
