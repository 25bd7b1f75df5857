"""Tickets on paper that a mail is to carry: printed here, and left in the bucket of papers for notifications to fetch.

A message cannot hold them (256 KB, and the bus keeps an archive). Whoever mails one removes it; what nobody mails expires.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from functions.tickets import paper
from functions.tickets.domain import Ticket
from shared.config import env

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@cache
def _s3() -> "S3Client":
    import boto3

    return boto3.client("s3")


class S3Papers:
    """Implements `use_cases_aftersales.Papers`."""

    def put(self, request_id: str, tickets: Sequence[Ticket]) -> str:
        key = f"papers/{request_id}.pdf"
        _s3().put_object(
            Bucket=env("PAPERS_BUCKET"),
            Key=key,
            Body=paper.pdf(*tickets),
            ContentType="application/pdf",
            ServerSideEncryption="AES256",
        )
        return key
