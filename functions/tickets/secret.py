"""The root secret of all keys and tokens, fetched from Secrets Manager at the first use and then kept."""

from functools import cache

from functions.tickets.codes import EntryCodes
from functions.tickets.journal_keys import JournalKeys
from functions.tickets.offer_tokens import OfferTokens
from shared.config import env


@cache
def root() -> bytes:
    import boto3

    secret = boto3.client("secretsmanager").get_secret_value(SecretId=env("TICKET_SECRET"))
    return secret["SecretString"].encode()


@cache
def entry_codes() -> EntryCodes:
    return EntryCodes(root())


@cache
def journal_keys() -> JournalKeys:
    return JournalKeys(root())


@cache
def offer_tokens() -> OfferTokens:
    return OfferTokens(root())


def forget() -> None:
    """Fetch the secret anew at the next use."""
    for kept in (root, entry_codes, journal_keys, offer_tokens):
        kept.cache_clear()
