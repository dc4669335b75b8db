"""What the collector says of itself: `GET /status` as JSON, `GET /metrics` for Prometheus. Counts and labels only.

`/status` names every order, so its cost grows with them. Who asks often, or of a collector with very many orders, asks
`GET /pulse` (what is under way) and `GET /sums` (the counts of all orders together) instead.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from asn1.errors import DecodeError
from collector.accounts import FIELDS, Counts, Totals
from collector.assembly import Assembly
from collector.in_force import OrdersInForce
from collector.minimise import Minimised
from collector.order_watch import state_at
from collector.pipeline import LinkState
from collector.receiver import Receiver
from collector.store.audit_log import AuditLog
from collector.store.index import Index
from collector.store.store import Store
from mediation.ledger.checkpoint import parse_note

_LINK_COUNTS: Final = ("connections", "accepted_connections", "octets", "records", "bulk", "tri")


class Status:
    """Reads everybody's counters; owned by the event loop's thread."""

    def __init__(
        self,
        orders: OrdersInForce,
        minimised: Minimised,
        totals: Totals,
        links: tuple[LinkState, ...],
        assembly: Assembly,
        receiver: Receiver,
        store: Store,
        audit: AuditLog,
        index: Index,
        compiled: bool,
        now_us: Callable[[], int],
        fleet: Callable[[], dict[str, Any]] | None = None,
    ) -> None:
        self._fleet = fleet
        self._orders = orders
        self._minimised = minimised
        self._now_us = now_us
        self._totals = totals
        self._links = links
        self._assembly = assembly
        self._receiver = receiver
        self._store = store
        self._audit = audit
        self._index = index
        self._compiled = compiled
        self.inbox_looks = 0
        """Looks into the inbox: who left a document there knows with the second that it was read."""

    def status(self) -> dict[str, Any]:
        """Totals are of what is durable; `pending_records` have been judged and are not yet."""
        return {
            "simulation": True,
            "compiled": self._compiled,
            "inbox_looks": self.inbox_looks,
            "orders": self._each_order(),
            "unknown": self._totals.unknown_counts.values(),
            "unknown_liids": {liid: counts.values() for liid, counts in self._totals.unknown.items()},
            "links": [self._link(link) for link in self._links],
            "store": {
                **self._store.gauge()._asdict(),
                "pending_octets": self._store.pending_octets,
                "blocked": self._store.blocked,
            },
            "audit": {"entries": self._audit.entries},
            "arenas": {"in_use": self._assembly.pool.in_use, "limit": self._assembly.pool.limit},
            "minimised": self._minimised.state(),
            "turns": {"waiting": self._receiver.turns.waiting, "given": self._receiver.turns.given},
            "balanced": self._totals.balanced,
            **self._common(),
        }

    def pulse(self) -> dict[str, Any]:
        """Whether anything is under way; its cost does not grow with the orders."""
        index = self._index.state()
        return {
            "simulation": True,
            "pending_records": self._assembly.pending_records,
            "index_lag_records": max(self._store.size - index.records, 0),
            "index_error": index.error,
            "idle_s": round(self._receiver.loop.time() - self._receiver.last_octets_s, 3),
        }

    def sums(self) -> dict[str, Any]:
        """The counts of all orders together, and of what had none."""
        counts = Counts()
        for one in (*self._totals.orders.values(), *self._totals.unknown.values()):
            counts.add(one.values(sparse=True))
        return {"records": counts.values(), **self._common()}

    def _common(self) -> dict[str, Any]:
        records, root = self._ledger()
        return {
            **self.pulse(),
            "ledger": {"records": records, "size": records, "root": root},
            **({} if self._fleet is None else {"fleet": self._fleet()}),
            "paused": self._receiver.paused,
            "pauses": self._receiver.pauses,
            # By these numbers /proc tells what each has used.
            "threads": {one.name: one.native_id for one in threading.enumerate()},
        }

    def _each_order(self) -> list[dict[str, Any]]:
        current, now_us = {str(order.order_id): order for order in self._orders.current()}, self._now_us()
        found = []
        for name in sorted({*current, *self._totals.orders}):
            order = current.get(name)
            counts = self._totals.orders.get(name, Counts())
            found.append(
                {
                    "order": name,
                    "kind": None if order is None else str(order.kind),
                    "liid": self._totals.liids.get(name, "") if order is None else str(order.liid),
                    **counts.values(),
                    "synthetic": self._totals.synthetic[name],
                    "state": None if order is None else str(state_at(order, now_us)),
                }
            )
        return found

    @staticmethod
    def _link(link: LinkState) -> dict[str, Any]:
        counts = {name: getattr(link, name) for name in _LINK_COUNTS}
        return {
            "name": link.name,
            **counts,
            "errors": dict(link.errors),
            "closed": dict(link.closed),
            "paused": link.guard.paused,
            "mismatches_in_a_row": link.guard.in_a_row,
            "quality": link.quality.state(),
            "handover": link.handover.state(),
        }

    def _ledger(self) -> tuple[int, str]:
        try:
            checkpoint = parse_note(self._store.last_note).checkpoint
        except DecodeError:
            return 0, ""
        return checkpoint.size, checkpoint.root.hex()


class _Exposition(Collector):
    def __init__(self, status: Callable[[], Mapping[str, Any]]) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        now = self._status()
        verdicts = CounterMetricFamily(
            "calea_collector_records", "Records with a verdict, durable.", labels=("order", "verdict")
        )
        for order in (*now["orders"], {"order": "(no order)", **now["unknown"]}):
            for name in FIELDS:
                verdicts.add_metric((order["order"], name), order[name])
        yield verdicts
        for name in _LINK_COUNTS:
            kind = GaugeMetricFamily if name == "connections" else CounterMetricFamily
            family = kind(f"calea_collector_link_{name}", f"{name} of a link since the start.", labels=("link",))
            for link in now["links"]:
                family.add_metric((link["name"],), link[name])
            yield family
        errors = CounterMetricFamily(
            "calea_collector_link_errors", "Coded errors on a link since the start.", labels=("link", "code")
        )
        for link in now["links"]:
            for code, count in {**link["errors"], **link["closed"]}.items():
                errors.add_metric((link["name"], code), count)
        yield errors
        tris = CounterMetricFamily(
            "calea_collector_link_tris", "TRIs on a link since the start.", labels=("link", "tri")
        )
        findings = CounterMetricFamily(
            "calea_collector_integrity_findings", "Integrity findings since the start.", labels=("link", "fault")
        )
        for link in now["links"]:
            for name, count in link["handover"]["tris"].items():
                tris.add_metric((link["name"], name), count)
            for fault, count in (link["handover"]["integrity"] or {"findings": {}})["findings"].items():
                findings.add_metric((link["name"], fault), count)
        yield tris
        yield findings
        latency = CounterMetricFamily(
            "calea_collector_signalling_latency",
            "Signalling records by latency since the start; `within` is the upper edge in seconds.",
            labels=("link", "within"),
        )
        for link in now["links"]:
            for edge, count in link["quality"]["histogram"].items():
                latency.add_metric((link["name"], edge), count)
        yield latency
        for name in ("late", "samples", "failed", "ahead"):
            family = CounterMetricFamily(
                f"calea_collector_signalling_{name}",
                f"{name} of a link's signalling since the start.",
                labels=("link",),
            )
            for link in now["links"]:
                family.add_metric((link["name"],), link["quality"][name])
            yield family
        paused = GaugeMetricFamily("calea_collector_link_paused", "1 where a link is paused.", labels=("link",))
        for link in now["links"]:
            paused.add_metric((link["name"],), int(link["paused"]))
        yield paused
        for name, value in (
            ("ledger_records", now["ledger"]["records"]),
            ("store_used_octets", now["store"]["used_octets"]),
            ("store_capacity_octets", now["store"]["capacity_octets"]),
            ("store_evicted_records", now["store"]["evicted"]),
            ("store_octets", now["store"]["octets"]),
            ("store_octets_per_s", now["store"]["octets_per_s"]),
            ("audit_entries", now["audit"]["entries"]),
            ("arenas_in_use", now["arenas"]["in_use"]),
            ("index_lag_records", now["index_lag_records"]),
            ("balanced", int(now["balanced"])),
        ):
            yield GaugeMetricFamily(f"calea_collector_{name}", name.replace("_", " "), value=value)
        eviction = GaugeMetricFamily(
            "calea_collector_store_eviction_s", "Seconds until the oldest segment goes, at the rate of the last minute."
        )
        if now["store"]["eviction_s"] is not None:
            eviction.add_metric((), now["store"]["eviction_s"])
        yield eviction


def brief_routes(status: Status) -> list[web.RouteDef]:
    """`GET /pulse`, `GET /sums`."""

    async def pulse(_: web.Request) -> web.Response:
        return web.json_response(status.pulse())

    async def sums(_: web.Request) -> web.Response:
        return web.json_response(status.sums())

    return [web.get("/pulse", pulse), web.get("/sums", sums)]


def metrics_route(status: Callable[[], Mapping[str, Any]]) -> web.RouteDef:
    """`GET /metrics`."""
    registry = CollectorRegistry()
    registry.register(_Exposition(status))

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return web.get("/metrics", metrics)
