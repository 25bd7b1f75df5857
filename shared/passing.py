"""Which failures pass: the ones that a later try of the same request will get past."""

from shared.errors import Busy

_THROTTLED = {
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "TransactionConflictException",
}


def is_passing(failure: Exception) -> bool:
    """Whether the failure is of the moment: contention, throttling, or a service that gave no answer or a fault of its own.

    The same request may do better a second later; nobody knows what became of this one.
    """
    from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # loaded already by who calls AWS  # noqa: A004

    cause = getattr(failure, "cause", None) or failure  # PynamoDB's exceptions wrap botocore's
    if isinstance(cause, ClientError):
        told = cause.__cause__ if isinstance(cause.__cause__, ClientError) else cause  # PynamoDB raises its own, without the status
        status = int(told.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        return status >= 500 or cause.response["Error"]["Code"] in _THROTTLED
    return isinstance(cause, (Busy, ConnectionError, HTTPClientError))
