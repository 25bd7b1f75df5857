"""Ids: a prefix that says what it names, and 26 characters of Crockford base 32."""

import hashlib

from ulid import ULID


def new_id(prefix: str) -> str:
    """A fresh id, e.g. `ord_01JD…`; ids made later sort later (ULID: 48 bits of milliseconds, 80 random)."""
    return f"{prefix}_{ULID()}"


def derived_id(prefix: str, *parts: str) -> str:
    """The id that `parts` always give: makes a repeated command meet what its first run made.

    128 bits of SHA-256 over the length-prefixed parts, so that ("ab", "c") and ("a", "bc") differ.
    """
    digest = hashlib.sha256(b"".join(f"{len(part)}:{part}".encode() for part in parts)).digest()
    return f"{prefix}_{ULID(digest[:16])}"


def id_bytes(of: str) -> bytes:
    """The 16 bytes of the id `of`, without its prefix: for binary formats. Raises ValueError."""
    return ULID.from_str(of.rpartition("_")[2]).bytes


def id_from_bytes(prefix: str, raw: bytes) -> str:
    """The inverse of `id_bytes`, given the prefix that the format implies. Raises ValueError unless `raw` is 16 bytes."""
    return f"{prefix}_{ULID(raw)}"
