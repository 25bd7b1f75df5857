"""What the template makes beside the functions, on whatever AWS the SDK is pointed at: the tables and the secrets."""

import boto3

from bench.platform import CONTEXTS
from functions.auth.keyset import KeySet
from shared.clock import now


def tables() -> dict[str, str]:
    """A table for each context, by its name."""
    client, names = boto3.client("dynamodb"), {context: f"ketemu-{context}" for context in CONTEXTS}
    keys = [("pk", "sk"), ("gsi1pk", "gsi1sk"), ("gsi2pk", "gsi2sk")]
    for name in names.values():
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for pair in keys for each in pair],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": index,
                    "KeySchema": [
                        {"AttributeName": f"{index}pk", "KeyType": "HASH"},
                        {"AttributeName": f"{index}sk", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
                for index in ("gsi1", "gsi2")
            ],
        )
    return names


def secrets() -> KeySet:
    """The root of the tickets' keys, and the keys that sign access tokens, which are returned."""
    client, keys = boto3.client("secretsmanager"), KeySet.generate(now())
    client.create_secret(Name="ketemu-tickets", SecretString="s" * 64)
    client.create_secret(Name="signing-keys", SecretString=keys.to_json())
    return keys


def queue() -> str:
    """The URL of a queue that takes what workers put back for later."""
    return boto3.client("sqs").create_queue(QueueName="ketemu-later")["QueueUrl"]


def buckets() -> None:
    for name in ("ketemu-exports", "ketemu-papers"):
        boto3.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})


def mail() -> None:
    boto3.client("ses").verify_email_identity(EmailAddress="tickets@example.org")
