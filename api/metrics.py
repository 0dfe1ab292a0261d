"""Prometheus' text of this program's figures: computed at the scrape, from rows; nothing is counted in memory."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from film.status import Status
from ledger.operations.metrics import Metrics

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_CREDIT_MC: Final = 1000
_LabelsT = TypeVar("_LabelsT", bound=tuple[str, ...])


class _Once:
    def __init__(self, metrics: Metrics) -> None:
        self._figures = metrics

    def collect(self) -> Iterable[Metric]:
        metrics = self._figures
        films = {(status.value,): metrics.films.get(status, 0) for status in Status}
        yield _gauge("films", "Films by status.", ("status",), films)
        told = "Paid tries by vendor and state; rejected: refused; absent, orphaned: ambiguous sends."
        yield _gauge("attempts", told, ("vendor", "state"), metrics.attempts)
        told = "Submits refused as too many, by vendor and model."
        yield _gauge("submits_429", told, ("vendor", "model"), metrics.too_many)
        webhooks = {(state,): number for state, number in metrics.webhooks.items()}
        yield _gauge("webhooks", "Webhooks by state.", ("state",), webhooks)
        yield _gauge("credits_held", "Customers' credits held for films.", (), {(): metrics.held_mc / _CREDIT_MC})
        yield _gauge("credits_posted", "Customers' credits charged.", (), {(): metrics.posted_mc / _CREDIT_MC})
        yield _gauge("queue_age_seconds", "Age of the oldest queued film.", (), {(): metrics.queue_age_s})
        alive = {(kind.value,): number for kind, number in metrics.processes.items()}
        yield _gauge("processes", "Processes seen within the last minute.", ("kind",), alive)
        passed = {(stage,): count for stage, (count, _) in metrics.stage_s.items()}
        yield _gauge("stage_passed", "Stages passed by films that ended within the last hour.", ("stage",), passed)
        seconds = {(stage,): total for stage, (_, total) in metrics.stage_s.items()}
        yield _gauge("stage_seconds", "Seconds these stages took in all.", ("stage",), seconds)


def _gauge(name: str, told: str, labels: Sequence[str], values: Mapping[_LabelsT, float]) -> Metric:
    gauge = GaugeMetricFamily(f"longvideo_{name}", told, labels=labels)
    for key, value in values.items():
        gauge.add_metric(key, value)
    return gauge


def metrics_text(metrics: Metrics) -> bytes:
    """Return the figures as Prometheus reads them."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(metrics))
    return bytes(generate_latest(registry))
