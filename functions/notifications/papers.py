"""Tickets on paper, from the bucket where tickets leaves them for a mail."""

from functools import cache
from typing import TYPE_CHECKING

from shared.config import env

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@cache
def _s3() -> "S3Client":
    import boto3

    return boto3.client("s3")


class S3Papers:
    """Implements `order_mail.Papers`."""

    def fetch(self, key: str) -> bytes:
        return _s3().get_object(Bucket=env("PAPERS_BUCKET"), Key=key)["Body"].read()

    def discard(self, key: str) -> None:
        _s3().delete_object(Bucket=env("PAPERS_BUCKET"), Key=key)
