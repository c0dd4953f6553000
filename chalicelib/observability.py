"""Logs, metrics and traces of the Lambda functions, by Powertools.

One correlation id, the deployment's, runs from the upload to the activation; the admin API's
requests carry their own. Logged are names, numbers and statuses: never an event, a body or a key.
"""

from __future__ import annotations

import warnings

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

NAMESPACE = "Decant"

# Most requests have nothing to count; Powertools would warn of each.
warnings.filterwarnings("ignore", "No application metrics to publish")

logger = Logger(service="decant")
tracer = Tracer(service="decant", auto_patch=False)
metrics = Metrics(service="decant", namespace=NAMESPACE)


def count(name: str, amount: int = 1) -> None:
    """Add `amount` to the CloudWatch metric `name` (unit: Count)."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=amount)
