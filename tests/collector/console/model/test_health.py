"""Health as a fold over what real processes say, and over their silence."""

from __future__ import annotations

from typing import Any

from collector.console.model.health import LATE_US, Health

T = 1_700_000_000_000_000
S = 1_000_000


async def test_a_collector_s_own_status_is_read(lab: Any, records: Any, connect: Any) -> None:
    lab.court.issue("O-1", "LAB-0001")
    running = await lab.start()
    health = Health()
    health.fold(T, "collector", running.status())
    client = await connect(running.ports["hi2"])
    await client.send(*records.call("LAB-0001", 1), records.sip("LAB-9999", 2))
    await client.barrier(records)
    await client.close()
    await running.settled(23)
    health.fold(T + 5 * S, "collector", running.status())
    await running.end()
    view = health.view(T + 5 * S)
    (hi2,) = [one for one in view.links if one.name == "hi2"]
    assert (hi2.records, hi2.records_per_s, hi2.tris, hi2.paused) == (24, 24 / 5, 1, False)
    assert {one.order_id: (one.accepted, one.rejected) for one in view.refusals} == {
        "O-1": (22, 0), "(no order)": (0, 1),
    }  # fmt: skip
    assert view.store is not None and view.store.records == 22 and 0 < view.store.share < 1
    assert view.series["records_per_s"].values == (None, 23 / 5)
    assert view.series["store_share"].times_s == (T / 1e6, T / 1e6 + 5)
    assert [one.answers for one in view.processes] == [True] and sum(count for _, count in view.latency) == 2


def status(**changes: Any) -> dict[str, Any]:
    link = {
        "name": "hi2", "connections": 1, "records": 5, "octets": 9, "tri": 0, "errors": {"TRUNCATED": 2}, "closed": {},
        "paused": False,
        "quality": {"measured": 1, "late": 0, "samples": 0, "failed": 0, "ahead": 0, "histogram": {"more": 1, "4": 2}},
        "handover": {"tris": {}, "integrity": {"findings": {"HASH": 1}}},
    }  # fmt: skip
    zero = dict.fromkeys(("delivered", "accepted", "flagged", "masked", "quarantined", "rejected", "duplicate"), 0)
    store = {
        "used_octets": 1, "capacity_octets": 4, "evicted": 0, "octets_per_s": 2.0, "eviction_s": None, "blocked": False,
    }  # fmt: skip
    return {
        "orders": [], "unknown": zero, "links": [link], "ledger": {"records": 3}, "audit": {"entries": 4},
        "index_lag_records": 0, "index_error": "", "balanced": True,
        "store": store,
    } | changes  # fmt: skip


def test_alarms_come_stay_under_one_name_and_go() -> None:
    health = Health()
    health.fold(T, "collector", status(balanced=False, index_error="disk full"))
    first = {one.alarm_id: one.since_us for one in health.view(T).alarms}
    assert first == {"health/collector/unbalanced": T, "health/collector/index": T}
    link = status()["links"][0] | {"paused": True}
    store = status()["store"] | {"eviction_s": 90.0, "blocked": True}
    health.fold(T + S, "collector", status(balanced=False, links=[link], store=store))
    found = {one.alarm_id: one for one in health.view(T + S).alarms}
    assert set(found) == {
        "health/collector/unbalanced",
        "health/link/hi2/paused",
        "health/collector/eviction",
        "health/collector/blocked",
    }
    assert found["health/collector/unbalanced"].since_us == T and found["health/link/hi2/paused"].since_us == T + S
    health.fold(T + 2 * S, "collector", status())
    assert health.view(T + 2 * S).alarms == ()
    assert health.view(T).latency == (("4", 2), ("more", 1)) and health.view(T).links[0].integrity == (("HASH", 1),)


def test_silence_is_an_alarm_and_not_a_zero() -> None:
    health = Health()
    health.fold(T, "collector", status())
    health.fold(T + S, "collector", None)
    assert health.view(T + S).alarms == () and not health.view(T + S).processes[0].answers
    health.fold(T + LATE_US, "collector", None)
    health.fold(T + LATE_US, "signer", None)
    assert {one.alarm_id for one in health.view(T).alarms} == {"health/collector/silent", "health/signer/silent"}
    assert health.view(T).series["octets_per_s"].values == (2.0, None, None)


def test_findings_and_a_witness_s_alarms_are_there() -> None:
    finding = {"code": "WRONG_NUMBER", "subject": "O-1", "sentence": "It is another number.", "rules": ["R-022"]}
    health = Health()
    health.fold(T, "reconciler", {
        "unseen": {"x1": "no answer"}, "findings": [finding | {"opened_us": 5}],
        "closed": [finding | {"subject": "O-2", "opened_us": 1, "closed_us": 2}],
    })  # fmt: skip
    health.fold(T, "witness", {"alarms": ["the ledger was forked"]})
    view = health.view(T)
    assert [(one.subject, one.closed_us) for one in view.findings] == [("O-1", None), ("O-2", 2)]
    assert {one.alarm_id for one in view.alarms} == {
        "finding/WRONG_NUMBER/O-1", "health/witness/the ledger was forked",
    }  # fmt: skip
    assert view.unseen == (("x1", "no answer"),) and view.store is None


def test_a_series_is_a_ring() -> None:
    health = Health(points=3)
    for at in range(9):
        health.fold(T + at * S, "collector", status())
    assert len(health.view(T).series["index_lag"].values) == 3
