"""Logs (JSON, one line a request or message) and metrics (EMF, printed with the logs: no call is made)."""

from datetime import timedelta

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

NAMESPACE = "Ketemu"

logger = Logger(utc=True)  # POWERTOOLS_SERVICE_NAME names the context


def count(name: str, conference_id: str, by: int = 1) -> None:
    """Add `by` to the metric `name` of one conference, e.g. OrdersPaid."""
    with single_metric(name=name, unit=MetricUnit.Count, value=by, namespace=NAMESPACE) as metric:
        metric.add_dimension("conference", conference_id)


def took(name: str, time: timedelta) -> None:
    """Note how long something took in the metric `name` of this function's service, in milliseconds, e.g. IssuingLag."""
    milliseconds = time / timedelta(milliseconds=1)
    with single_metric(name=name, unit=MetricUnit.Milliseconds, value=milliseconds, namespace=NAMESPACE):
        pass  # its one dimension is the service, which Powertools adds
