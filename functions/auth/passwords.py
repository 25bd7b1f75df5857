"""Passwords, kept as Argon2id."""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

# The minimum of OWASP's Password Storage Cheat Sheet (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html):
# 19 MiB, two iterations, one lane. Raise them, and each password is hashed anew when its owner next logs in.
_HASHER = PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)

# Of 256 random bits that nobody kept, with the parameters above: what an unknown account's password is tried against.
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$4yZ1pcv9MLiKOHctciWCfg$MnThys24rWybTqHpE9SZuy+5Ea3OKsMjfxa98mc4wAs"


class Argon2Passwords:
    def hash(self, password: str) -> str:
        return _HASHER.hash(_normal(password))

    def match(self, password_hash: str | None, password: str) -> bool:
        """False for None, after just as much work."""
        try:
            return _HASHER.verify(password_hash or NOBODY, _normal(password))
        except VerifyMismatchError:
            return False

    def outdated(self, password_hash: str) -> bool:
        return _HASHER.check_needs_rehash(password_hash)


def _normal(password: str) -> str:
    """The same characters typed on another keyboard are the same password (NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
