"""Who stands where a person was named that has left."""

NOBODY, NO_EMAIL = "(erased)", "erased@erased.invalid"
