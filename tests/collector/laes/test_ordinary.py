"""Where the quick judge takes a call-data message, everything it leaves behind is what the reference leaves.

Two lanes get the same messages, one with the quick judge and one without: rows, octets, accounts, what the index is
told and what is known of calls are compared, under orders and links that are ordinary and not.
"""

from __future__ import annotations

import random
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from bench.careful_records import liid_of, stream, target_of
from collector.gate import LinkPolicy
from collector.laes.link import Arrived
from collector.minimise import ALL_CINS, Mode
from collector.rows import COLUMNS
from mediation.law.orders import OrderKind, OrderState, PrttDirection, Service, Target, TargetKind, Window

HOUR_US = 3_600_000_000


def world(us: Any, chance: random.Random, plain: float) -> tuple[Any, ...]:
    """Orders, the link's policy, whether a case is minimised, and messages with when each comes."""

    def any_of(usual: Any, *others: Any) -> Any:
        return usual if chance.random() < plain else chance.choice(others)

    orders = []
    for number in range(4):
        target = Target(TargetKind.E164, target_of(number))
        order = us.order(liid_of(number), any_of(OrderKind.PRTT, OrderKind.EAVESDROPPING, OrderKind.EXIGENT_PRTT))
        orders.append(
            replace(
                order,
                targets=any_of((target,), (Target(TargetKind.E164, "12125550199"),), (target, target)),
                window=Window(us.T - any_of(HOUR_US, 5), us.T + any_of(HOUR_US, 400, 0)),
                services=frozenset(any_of({Service.VOICE, Service.SMS}, (), {Service.DATA})),
                direction=any_of(PrttDirection.BOTH, PrttDirection.PEN, PrttDirection.TRAP),
                state=any_of(OrderState.ACTIVE, OrderState.REVOKED, OrderState.DRAFT),
                location_authorised=any_of(False, True),
                pctdd_authorised=any_of(False, True),
            )
        )
    policy = LinkPolicy(
        skew_us=any_of(0, 200_000), skew_hard_us=any_of(600_000_000, 0), late_us=any_of(HOUR_US, 900, 0)
    )
    minimised = [liid_of(number) for number in range(4) if chance.random() > plain]
    messages = stream("t1678", 120, 5, us.T, chance.randrange(1000))
    call = us.T1678Call(liid_of(0), "odd", caller=target_of(0))
    messages += [
        call.origination(),
        call.encode("dialedDgtExtrn", callId={"main": "odd"}, digits="4711"),
        call.encode("answer", callId={"main": "odd"}, answering={"dn": "at five"}),
        call.encode("redirection", callId={"main": "odd"}, newCallId={"main": "new"}, redirectedTo={"dn": "1"}),
        call.encode("release", callId={"main": "new"}),
    ]
    for _ in range(20):
        one = bytearray(chance.choice(messages))
        one[chance.randrange(2, len(one))] ^= 1 << chance.randrange(8)
        messages.insert(chance.randrange(len(messages)), bytes(one))
    messages += chance.choices(messages, k=10)
    return orders, policy, minimised, messages


def left_behind(us: Any, quick: bool, seed: int, plain: float) -> tuple[dict[str, Any], int]:
    """All that a lane leaves behind, and how many messages were judged quickly."""
    orders, policy, minimised, messages = world(us, random.Random(seed), plain)
    bench = us.Bench(*orders)
    state = bench.link("cdc")
    state.policy = policy
    for liid in minimised:
        bench.minimised.start(liid, ALL_CINS, Mode.LIVE_ONLY, 0, "x")
    taken = 0
    careful, ordinary = bench.careful, bench.careful.ordinary

    def message(*values: Any) -> Any:
        nonlocal taken
        verdict = ordinary.message(*values) if quick else None
        taken += verdict is not None
        return verdict

    careful.ordinary = SimpleNamespace(message=message)
    for at, octets in enumerate(messages):
        bench.lane.message("cdc", Arrived(octets, 1000 * at, bench.now_us), bench.now_us)
        bench.now_us += 50
    blob = bench.close()
    rows, streams = bench.batch.rows, bench.streams
    slots = [slot for slot in range(0, 400, 2) if slot < 2 * len(streams)]
    return {
        "rows": [[getattr(rows, name)[row] for name in COLUMNS] for row in range(rows.n)],
        "octets": bytes(bench.batch.side) if not any(rows.form[row] == 2 for row in range(rows.n)) else b"",
        "blob": blob,
        "said": {row: (type(one).__name__, one) for row, one in bench.batch.said.items()},
        "known": [careful.state_of(slot) for slot in slots],
        "open": {tuple(key): (one.uid, one.ended, one.closed_us) for key, one in careful.open._held.items()},
        "ended": list(careful._ended),
        "kept": bench.orders.first,
        "link": (state.records, dict(state.errors), state.quality.state()),
    }, taken


@pytest.mark.parametrize("plain", [1.0, 0.9, 0.6])
def test_attack_no_message_is_judged_otherwise_than_the_reference_judges_it(us: Any, plain: float) -> None:
    for seed in range(8):
        wanted, none = left_behind(us, False, seed, plain)
        found, taken = left_behind(us, True, seed, plain)
        for name, value in wanted.items():
            assert found[name] == value, (seed, name)
        assert repr(found["rows"]) == repr(wanted["rows"]) and repr(found["known"]) == repr(wanted["known"])
        assert none == 0 and (taken > 60 or plain < 1.0), taken
