"""Metrics for Prometheus: those of Temporal's SDK under its default names, and ours beside them, on one port.

No label holds an id: cases, cohorts and people are in none.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from temporalio.common import MetricMeter
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from models.errors import Refusal

VARIABLE = "REGUA_METRICS"

FORWARDED = LoggingConfig(
    filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
    forwarding=LogForwardingConfig(logging.getLogger("temporalio.core"), prepend_target_on_message=False),
)

BUCKETS = {"regua_webhook_latency": [5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 10000.0]}
"""Milliseconds; the other histograms have the SDK's own."""


def serve_metrics(environment: Mapping[str, str]) -> None:
    """Serve them where REGUA_METRICS says, for example 127.0.0.1:9464; nowhere without it. What the SDK's core has to
    say goes into the process's own log. Called before the first client is made. Raises Refusal when nothing can be
    served there."""
    address = environment.get(VARIABLE, "").strip()
    prometheus = PrometheusConfig(bind_address=address, histogram_bucket_overrides=BUCKETS) if address else None
    try:
        telemetry = TelemetryConfig(logging=FORWARDED, metrics=prometheus)
        Runtime.set_default(Runtime(telemetry=telemetry), error_if_already_set=False)
    except (RuntimeError, ValueError):
        raise Refusal(f"{VARIABLE} is {address}, where nothing can be served; for example 127.0.0.1:9464") from None


def meter() -> MetricMeter:
    """The meter of this process; it counts nothing where no metrics are served."""
    return Runtime.default().metric_meter
