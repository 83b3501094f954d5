"""Figures for Prometheus: requests and their times, what answers, and how many people are where.

study_requests_total{route,status}                     counted by every worker
study_request_seconds{route}                           histogram, from reading to answering
study_part_up{part}                                    1 where the database, the media answer
study_participations{status,condition,simulated}       read from the database when asked for

Routes are names of functions, never addresses: an address holds a participant's key. Workers share
their counts in files of the folder ``PROMETHEUS_MULTIPROC_DIR``, which `study_app.workers` makes.
"""

import os
from collections import Counter as Counts
from collections.abc import Collection, Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from study_app.services.counts import Count
from study_app.services.readiness import PARTS
from study_app.workers import SHARED_FOLDER

BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """What the requests of one application are counted by."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "study_requests", "Requests.", ["route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "study_request_seconds",
            "Seconds that an answer took.",
            ["route"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )

    def count(self, route: str, status: int, seconds: float) -> None:
        """Count one request.

        Parameters
        ----------
        route
            The route's name, or ``none``.
        status
            HTTP status.
        seconds
            >= 0. From reading the request to the answer.
        """
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self, silent: Collection[str], counts: Iterable[Count]) -> bytes:
        """Return all figures as Prometheus reads them.

        Parameters
        ----------
        silent
            Parts that do not answer.
        counts
            Of participations; empty where the database does not answer.

        Returns
        -------
        bytes
            The text format, the requests summed over all workers.
        """
        now = CollectorRegistry()
        now.register(_Now(silent, counts))
        return generate_latest(self._of_all_workers()) + generate_latest(now)

    def _of_all_workers(self) -> CollectorRegistry:
        """Return the counts of all processes that share a folder, or else of this one."""
        if SHARED_FOLDER not in os.environ:
            return self.registry
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        return shared


class _Now(Collector):
    """The figures that hold at the moment they are asked for."""

    def __init__(self, silent: Collection[str], counts: Iterable[Count]) -> None:
        self._silent = silent
        self._totals: Counts[tuple[str, str, str]] = Counts()
        for each in counts:
            who = "yes" if each.is_simulated else "no"
            self._totals[each.status, each.condition or "none", who] += each.n

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield a family of figures at a time."""
        up = GaugeMetricFamily("study_part_up", "1 where a part answers.", labels=["part"])
        for part in PARTS:
            up.add_metric([part], float(part not in self._silent))
        yield up
        people = GaugeMetricFamily(
            "study_participations",
            "Participations that are stored.",
            labels=["status", "condition", "simulated"],
        )
        for labels, n in sorted(self._totals.items()):
            people.add_metric(labels, n)
        yield people
