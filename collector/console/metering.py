"""What the console says of itself for Prometheus: `GET /metrics` on its control port. Counts, times and declared paths.

Rules. A path is counted as it is declared, never as it was asked, so that no name of a case is a label and their number
is bounded. A stream is counted when it ends and its time is none of an answer's. Nobody's id is a label.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Middleware
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from collector.console.errors import HttpError
from collector.console.request_keys import ROUTE

EDGES_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper edges of the histogram; lists answer within 0.1 s at the 95th percentile."""
OTHER: Final = "(none of ours)"
_STREAM: Final = "text/event-stream"
_GAUGES: Final = {
    "users": "People the desk knows.",
    "live_sessions": "Live sessions on the desk's ledger.",
    "streams": "Streams that are open.",
    "desk_entries": "Entries of the desk's ledger.",
}
Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Meter:
    """`clock` in seconds, rising."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.answers: Counter[tuple[str, str, int]] = Counter()
        """By method, declared path and status."""
        self.buckets: dict[str, list[int]] = {}
        """By declared path, one more than `EDGES_S`."""
        self.seconds: dict[str, float] = {}

    def count(self, method: str, path: str, status: int, took_s: float | None) -> None:
        """`took_s` is None for a stream."""
        self.answers[method, path, status] += 1
        if took_s is not None:
            self.buckets.setdefault(path, [0] * (len(EDGES_S) + 1))[bisect_left(EDGES_S, took_s)] += 1
            self.seconds[path] = self.seconds.get(path, 0.0) + took_s

    def middleware(self) -> Middleware:
        """The outermost one: what it sees is what was answered."""

        @web.middleware
        async def metered(request: web.Request, handler: Serve) -> web.StreamResponse:
            began_s, status, stream = self._clock(), 499, False
            try:
                answer = await handler(request)
                status, stream = answer.status, answer.headers.get("Content-Type", "").startswith(_STREAM)
                return answer
            except HttpError as error:
                status = error.status
                raise
            finally:
                route = request.get(ROUTE)
                path = OTHER if route is None else route.path
                self.count(request.method, path, status, None if stream else self._clock() - began_s)

        return metered


class _Exposition(Collector):
    def __init__(self, meter: Meter, status: Callable[[], Mapping[str, Any]]) -> None:
        self._meter = meter
        self._status = status

    def collect(self) -> Iterator[Metric]:
        answers = CounterMetricFamily(
            "calea_console_answers", "Answers since the start.", labels=("method", "path", "status")
        )
        for (method, path, status), count in sorted(self._meter.answers.items()):
            answers.add_metric((method, path, str(status)), count)
        yield answers
        times = HistogramMetricFamily("calea_console_answer_seconds", "Time to the answer.", labels=("path",))
        for path, buckets in sorted(self._meter.buckets.items()):
            so_far, rows = 0, []
            for edge, count in zip((*map(str, EDGES_S), "+Inf"), buckets, strict=True):
                so_far += count
                rows.append((edge, so_far))
            times.add_metric((path,), rows, self._meter.seconds[path])
        yield times
        now = self._status()
        for name, words in _GAUGES.items():
            yield GaugeMetricFamily(f"calea_console_{name}", words, value=now[name])
        yield CounterMetricFamily("calea_console_sign_ins_refused", "Sign-ins refused.", value=now["sign_ins_refused"])


def metrics_route(meter: Meter, status: Callable[[], Mapping[str, Any]]) -> web.RouteDef:
    """`GET /metrics`."""
    registry = CollectorRegistry()
    registry.register(_Exposition(meter, status))

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return web.get("/metrics", metrics)
