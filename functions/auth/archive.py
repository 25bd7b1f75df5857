"""A person's archive in S3: the contexts put their parts there, and the person fetches one file."""

import io
import zipfile
from functools import cache
from typing import TYPE_CHECKING

from functions.auth.personal_data import CONTEXTS, LINK_LIFE
from shared.config import env
from shared.personal import part_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_FILE = "personal-data.zip"


@cache
def _s3() -> "S3Client":
    import boto3
    from botocore.config import Config

    return boto3.client("s3", config=Config(signature_version="s3v4"))


class S3Archive:
    def parts(self, export_id: str) -> set[str]:
        return {key.removesuffix(".json") for key in self._keys(export_id) if key.endswith(".json")}

    def link(self, export_id: str) -> str:
        if _FILE not in self._keys(export_id):
            self._pack(export_id)
        named = f"attachment; filename={_FILE}"
        params = {"Bucket": env("EXPORTS_BUCKET"), "Key": _key(export_id), "ResponseContentDisposition": named}
        return _s3().generate_presigned_url("get_object", Params=params, ExpiresIn=int(LINK_LIFE.total_seconds()))

    def remove(self, export_id: str) -> None:
        for name in self._keys(export_id):
            _s3().delete_object(Bucket=env("EXPORTS_BUCKET"), Key=f"exports/{export_id}/{name}")

    def _pack(self, export_id: str) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for context in sorted(CONTEXTS):
                part = _s3().get_object(Bucket=env("EXPORTS_BUCKET"), Key=part_key(export_id, context))
                archive.writestr(f"{context}.json", part["Body"].read())
        _s3().put_object(
            Bucket=env("EXPORTS_BUCKET"),
            Key=_key(export_id),
            Body=packed.getvalue(),
            ContentType="application/zip",
            ServerSideEncryption="AES256",
        )

    def _keys(self, export_id: str) -> set[str]:
        """The names below the export's prefix: a handful."""
        prefix = f"exports/{export_id}/"
        listed = _s3().list_objects_v2(Bucket=env("EXPORTS_BUCKET"), Prefix=prefix)
        return {each["Key"].removeprefix(prefix) for each in listed.get("Contents", [])}


def _key(export_id: str) -> str:
    return f"exports/{export_id}/{_FILE}"
