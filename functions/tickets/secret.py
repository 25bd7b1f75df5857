"""The root secret of all signing keys, fetched from Secrets Manager at the first use and then kept."""

from functools import cache

from functions.tickets.codes import EntryCodes
from shared.config import env


@cache
def entry_codes() -> EntryCodes:
    import boto3

    secret = boto3.client("secretsmanager").get_secret_value(SecretId=env("TICKET_SECRET"))
    return EntryCodes(secret["SecretString"].encode())
