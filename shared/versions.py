"""Several people edit one conference: whoever says which version they read does not overwrite a later one."""

from shared.errors import Problem


class ChangedMeanwhile(Problem):
    status, slug, title = 412, "changed-meanwhile", "Somebody else changed it since you read it"


def etag_of(version: int) -> str:
    return f'"{version}"'


def check_version(version: int, if_match: str | None) -> None:
    """Whether a change that was decided on what `If-Match` names may be made (RFC 9110: strong comparison, lists, `*`).

    Without the header every change may. Raises ChangedMeanwhile.
    """
    if if_match is None:
        return
    wanted = [tag.strip() for tag in if_match.split(",")]
    if etag_of(version) not in wanted and wanted != ["*"]:
        raise ChangedMeanwhile(
            f"Its ETag is {etag_of(version)} by now; If-Match says {if_match}. Read it again (GET), "
            "decide on what is there, and send the change with the new ETag.",
            etag=etag_of(version),
        )
