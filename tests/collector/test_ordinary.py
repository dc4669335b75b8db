"""Where the quick judge answers, everything it leaves behind is what the reference leaves; all else it leaves alone.

Two lanes get the same rows, one with the quick judge and one without: rows with their verdicts, octets, accounts, what
the index is told and what is known of communications are compared. Orders, links and records are ordinary and not; on
both paths.
"""

from __future__ import annotations

import importlib
import random
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bench.careful_records import liid_of, stream, target_of
from lab.kernels import interpreted
from tests.collector.test_told import departures

NAMES = (
    "asn1.columns", "asn1.ps_pdu", "asn1.scan", "asn1.errors", "collector.accounts", "collector.assembly",
    "collector.careful", "collector.conflicts", "collector.facts.etsi", "collector.facts.ordinary", "collector.gate",
    "collector.in_force", "collector.keeping", "collector.link_handover", "collector.minimise", "collector.ordinary",
    "collector.quality", "collector.rows", "collector.seal", "collector.stream_table", "collector.verify",
    "mediation.law.orders",
)  # fmt: skip
NOW_US = 1_700_000_000_000_000
HOUR_US = 3_600_000_000
KINDS = ("sip", "sip-plain", "hi2", "sms")


@pytest.fixture(scope="module", params=["compiled", "interpreted"])
def code(request: pytest.FixtureRequest) -> SimpleNamespace:
    """The modules by the last part of their names."""
    if request.param == "interpreted":
        modules = interpreted(*NAMES)
    else:
        modules = tuple(importlib.import_module(name) for name in NAMES)
    by_name = dict(zip(NAMES, modules, strict=True))
    found = SimpleNamespace(**{name.rsplit(".", 1)[1]: one for name, one in by_name.items()})
    found.facts = by_name["collector.facts.ordinary"]
    compiled = [by_name[name].COMPILED for name in ("collector.ordinary", "collector.facts.ordinary")]
    if compiled != [request.param == "compiled"] * 2:
        pytest.fail("collector.ordinary is not compiled: run make, which builds it", pytrace=False)
    return found


class Case:
    """A world to judge in: orders by LIID, a link's policy, records, minimised LIIDs."""

    def __init__(self, code: SimpleNamespace, chance: random.Random, plain: float) -> None:
        """`plain`: how likely each thing is that an ordinary record asks for."""
        law = code.orders
        self.code = code

        def any_of(usual: Any, *others: Any) -> Any:
            return usual if chance.random() < plain else chance.choice(others)

        self.policy = code.gate.LinkPolicy(
            skew_us=any_of(200_000, 0, 60_000_000), skew_hard_us=any_of(600_000_000, 0, 10_000_000),
            late_us=any_of(HOUR_US, 15_000_000, 0), mediation_stamps=any_of(False, True),
        )  # fmt: skip
        self.orders: dict[str, tuple[Any, ...]] = {}
        for liid in range(4):
            target = law.Target(law.TargetKind.E164, target_of(liid))
            others = (
                law.Target(law.TargetKind.HOST, "a.invalid"), law.Target(law.TargetKind.E164, "12125550199"),
                law.Target(law.TargetKind.SIP_URI, f"sip:+{target_of(liid)}@ims.mnc001.mcc001.3gppnetwork.invalid"),
            )  # fmt: skip
            order = law.CourtOrder(
                order_id=law.OrderId(f"O-{liid}"), version=1,
                kind=any_of(law.OrderKind.PRTT, law.OrderKind.EAVESDROPPING, law.OrderKind.EXIGENT_PRTT),
                case_id=law.CaseId("C"), liid=law.Liid(liid_of(liid)), agency="A",
                window=law.Window(
                    NOW_US - any_of(24 * HOUR_US, HOUR_US, 19_000_000), NOW_US + any_of(HOUR_US, -19_000_000, 5)
                ),
                targets=any_of((target,), (target, others[1]), (others[0],), (others[2],), (others[1],)),
                services=frozenset(any_of({law.Service.VOICE, law.Service.SMS}, {law.Service.SMS}, ())),
                direction=any_of(law.PrttDirection.BOTH, law.PrttDirection.PEN, law.PrttDirection.TRAP),
                state=any_of(law.OrderState.ACTIVE, law.OrderState.DRAFT, law.OrderState.REVOKED),
                location_authorised=any_of(False, True), pctdd_authorised=any_of(False, True),
                trap_area=frozenset(any_of((), ("1212",))),
                jurisdiction=any_of(law.Jurisdiction.STATE, law.Jurisdiction.FEDERAL),
            )  # fmt: skip
            again = replace(order, order_id=law.OrderId(f"P-{liid}"), kind=law.OrderKind.EAVESDROPPING)
            self.orders[liid_of(liid)] = any_of((order,), (order, again), ())
        self.minimised = [(liid_of(liid), code.minimise.ALL_CINS) for liid in range(4) if chance.random() > plain]
        self.pieces: list[bytes] = []
        for at, kind in enumerate(KINDS):
            records = stream(kind, 24, 4, NOW_US - 20_000_000, chance.randrange(1000), first_cin=1000 * at)
            self.pieces.append(b"".join(departures(records, chance)))
        self.hmac_key, self.box = chance.randbytes(32), X25519PrivateKey.generate().public_key()

    def judged(self, quick: bool) -> dict[str, Any]:
        """All that a lane leaves behind."""
        code = self.code
        streams, octets, slots = code.stream_table.StreamTable(1), [], code.assembly.OrderSlots()
        kept: list[Any] = []
        orders = SimpleNamespace(
            orders_for=lambda liid: self.orders.get(liid, ()),
            kept=lambda order, us: kept.append((order.order_id, us)) if code.in_force.counts_from_first(order) else 0,
        )
        minimised = code.minimise.Minimised(code.minimise.SpotChecks(0, 0))
        for liid, cin in self.minimised:
            minimised.start(liid, cin, code.minimise.Mode.LIVE_ONLY, 0, "x")
        lane = code.careful.CarefulLane(
            orders, streams, code.verify.StreamBook(),
            code.keeping.Keeper(slots, hmac_key=self.hmac_key, quarantine=self.box), octets,
            conflicts=code.conflicts.Conflicts(SimpleNamespace(find=lambda *_: None), self.hmac_key),
            minimised=minimised, forget_us=HOUR_US,
        )  # fmt: skip
        taken = asked = 0
        account = code.accounts.BatchAccount()
        batch: Any = SimpleNamespace(
            account=account, rows=code.rows.Rows(4), side=bytearray(), said={}, find=lambda *_: None
        )
        liids, quality = code.columns.LiidTable(1), code.quality.LinkQuality()
        cols, verify = code.columns.Columns(256), code.stream_table.VerifyColumns(256)
        times, seen = [], set()
        for piece in self.pieces:
            code.scan.scan(piece, 0, len(piece), cols, liids, 1 << 20)
            octets.extend(liids.octets(number) for number in range(len(octets), len(liids)))
            code.stream_table.verify_columns(cols, streams, verify)
            account.delivered += cols.n
            view, every, row = memoryview(piece), range(cols.n), 0
            while row < cols.n:
                if quick:
                    end = lane.ordinary.judge(batch, self.policy, quality, view, cols, verify, every, row, NOW_US)
                    taken, asked, row = taken + end - row, asked + end - row + (end < cols.n), end
                if row < cols.n:
                    lane.judge(
                        batch, self.policy, quality, code.link_handover.LinkHandover(), view, cols, verify, row, None,
                        NOW_US,
                    )  # fmt: skip
                    row += 1
            for row in every:
                times.append(cols.time_us[row])
                if cols.liid[row] >= 0:
                    seen.add((cols.liid[row], cols.cin[row]))
            lane.end_piece(batch)
        rows, said = batch.rows, {row: (type(one).__name__, one) for row, one in batch.said.items()}
        known = lane._known
        there = [(key, slot) for key in sorted(seen) if (slot := streams.slot_of(*key, 0)) >= 0]
        self.quick, self.asked = taken, asked
        return {
            "times": times,
            "rows": [
                [getattr(rows, name)[row] for name in code.rows.COLUMNS if name not in ("offset", "length")]
                for row in range(rows.n)
            ],
            "octets": [self._octets(rows, batch.side, row) for row in range(rows.n)],
            "account": account.close(0, rows.n)[0],
            "said": said,
            "quality": (quality.state(), list(quality._open), quality._open_count, quality._open_within),
            "known": [(key, known.state_of(slot)) for key, slot in there],
            "open": {tuple(key): (one.uid, one.ended, one.closed_us) for key, one in lane.open._held.items()},
            "ended": list(lane._ended),
            "strays": lane.strays,
            "refused": sorted(lane._refusals._known),
            "kept": kept,
        }

    def _octets(self, rows: Any, side: bytearray, row: int) -> Any:
        """What a row points to; of a sealed box, which has chance in it, the digest beside it."""
        start, length = rows.offset[row], int(rows.length[row])
        if not rows.buffer[row]:
            return start, length
        held = bytes(side[start : start + length])
        return self.code.seal.kept_digest(held) or held


@pytest.mark.parametrize("plain", [1.0, 0.9, 0.6])
def test_attack_nothing_is_judged_otherwise_than_the_reference_judges_it(code: SimpleNamespace, plain: float) -> None:
    @settings(max_examples=12 if code.ordinary.COMPILED else 2, deadline=None, phases=[Phase.explicit, Phase.generate])
    @given(seed=st.integers(0, 1 << 32))
    def holds(seed: int) -> None:
        _alike(Case(code, random.Random(seed), plain), plain == 1.0)

    holds()


def _alike(case: Case, ordinary: bool) -> None:
    reference = case.judged(quick=False)
    quick = case.judged(quick=True)
    for name, value in reference.items():
        assert quick[name] == value, name
    # Types too, which equality between text and the members of an enumeration, or 1 and True, does not tell apart.
    assert repr(quick["rows"]) == repr(reference["rows"]) and repr(quick["known"]) == repr(reference["known"])
    if ordinary:
        assert case.quick * 2 > case.asked, "ordinary records under ordinary orders are judged quickly"


@pytest.mark.parametrize("kind", KINDS)
def test_facts_are_those_of_the_reference(code: SimpleNamespace, kind: str) -> None:
    chance = random.Random(len(kind))
    sure = changed = 0
    tag = 11 if kind.startswith("sip") else -1
    for one in stream(kind, 150, 3, NOW_US, 5):
        for record in (one, *(_changed(one, chance) for _ in range(6))):
            try:
                pdu = code.ps_pdu.decode_ps_pdu(record)
                expected = code.etsi.facts_of(pdu, NOW_US)
            except code.errors.DecodeError:
                assert code.facts.ordinary_facts(record, "x", NOW_US) is None
                assert code.facts.ordinary_facts(record, "x", NOW_US, tag) is None
                continue
            found = code.facts.ordinary_facts(record, expected.liid, NOW_US)
            assert code.facts.ordinary_facts(record, expected.liid, NOW_US, tag) == found
            changed += found is not None and record is not one
            sure += found is not None and record is one
            if found is not None:
                assert found == expected and type(found) is type(expected)
                assert [type(held) for held in found] == [type(held) for held in expected]
                quick = code.facts.ordinary_facts(record, expected.liid, NOW_US, tag)
                assert [type(held) for held in quick] == [type(held) for held in expected]
    assert sure == 150 and changed > 100


def _changed(record: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(2, len(record))
    return record[:at] + bytes([record[at] ^ 1 << chance.randrange(8)]) + record[at + 1 :]
