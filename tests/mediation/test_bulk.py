"""The short way of content gives what the ordinary way gives, octet for octet and number for number, whatever comes."""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asn1.x2x3 import PayloadDirection, PayloadFormat, PduType, X2X3Pdu, encode_pdu, keepalive
from mediation import bulk as bulk_module
from mediation.config import FaultsModel, MediationConfig
from mediation.faults import Faults
from mediation.intake import Intake, Splitter
from mediation.journal import HI3, Journal
from mediation.law.orders import CaseId, CourtOrder, Liid, OrderId, OrderKind, Service, Target, TargetKind, Window
from mediation.mediate import Mediation
from mediation.runtime.config import PLAIN_WORDS

T = 1_750_000_000_000_000
NAMES = ("asn1.template", "mediation.x3_contexts")


@pytest.fixture(scope="module", params=["compiled", "interpreted"])
def kernels(request: pytest.FixtureRequest, interpreted_twin: Any) -> dict[str, ModuleType]:
    if request.param == "interpreted":
        return dict(interpreted_twin(*NAMES))
    found = {name: importlib.import_module(name) for name in NAMES}
    assert all(module.COMPILED for module in found.values()), "run make, which builds the kernels"
    return found


@pytest.fixture
def on_kernels(kernels: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch) -> None:
    from asn1 import record_template

    monkeypatch.setattr(record_template, "Template", kernels["asn1.template"].Template)
    monkeypatch.setattr(bulk_module, "Contexts", kernels["mediation.x3_contexts"].Contexts)


def order(number: int, kind: OrderKind = OrderKind.EAVESDROPPING, **changes: Any) -> CourtOrder:
    made = CourtOrder(
        OrderId(f"O-{number}"), 1, kind, CaseId("C-1"), Liid(f"LAB-{number}"), "LAB", Window(T, T + 10_000_000),
        (Target(TargetKind.E164, "12125550101"),),
        services=frozenset({Service.VOICE, Service.DATA}) if kind is OrderKind.EAVESDROPPING else frozenset(),
    )  # fmt: skip
    return replace(made, **changes)


class Side:
    """A mediation function on a directory of its own, and what it journalled. `bulk`: whether it has the short way."""

    def __init__(self, root: Path, bulk: bool, faults: FaultsModel | None = None, **config: Any) -> None:
        self.root, self.faults, self.bulk = root, Faults(faults or FaultsModel()), bulk
        self.config = MediationConfig.model_validate(
            {
                "data_dir": root, "court_public_key": root / "court.pub", "x1_url": "http://127.0.0.1:1/X1/NE",
                "x1_plain": PLAIN_WORDS, "ne_id": "ne", "admf_id": "admf", "hi2": {"port": 1}, "hi3": {"port": 2},
                "network_functions": {"ims-1": "voice", "upf-1": "data"}, **config,
            }
        )  # fmt: skip
        self.orders = {UUID(int=number): order(number) for number in range(1, 5)}
        self.orders[UUID(int=5)] = order(5, OrderKind.PRTT)
        self.orders[UUID(int=6)] = order(6, services=frozenset({Service.DATA}))
        self.start()

    def start(self) -> None:
        self.admf: Any = SimpleNamespace(
            orders=self.orders, changes=0, refused=0, active_tasks=1, inbox_looks=0, activations={}
        )
        self.journal = Journal(self.root / "journal", self.root / "key", 64 << 20, 1 << 20, False)
        self.mediation = Mediation(self.config, self.journal, self.admf, self.faults)
        self.splitter = Splitter(self.consume, self.mediation if self.bulk else None)

    def consume(self, pdus: list[X2X3Pdu], frames: list[bytes]) -> None:
        self.mediation.consume(pdus, T, 0.0, frames if self.bulk else ())

    def feed(self, octets: bytes, cuts: Callable[[int], int]) -> list[X2X3Pdu]:
        asked, at = [], 0
        while at < len(octets):
            step = max(cuts(len(octets) - at), 1)
            asked += self.splitter.feed(octets[at : at + step])
            at += step
        return asked

    @property
    def content(self) -> bytes:
        return b"".join(held.octets for held in self.journal.held(HI3))

    def counted(self) -> dict[str, Any]:
        status = self.mediation.status(Intake(lambda pdus, frames: None, SimpleNamespace()))  # type: ignore[arg-type]
        return {name: status[name] for name in ("per_liid", "unknown_xid", "not_convertible", "unacknowledged_total")}

    def counters(self) -> dict[str, Any]:
        """All of them, in an order of their own: which was used last differs."""
        self.mediation._bulk.settle()
        snapshot = self.mediation._counters.snapshot()
        return snapshot | {"held": sorted(snapshot["held"], key=lambda one: one[:2])}

    @property
    def runs(self) -> int:
        return sum(held.records > 1 or bool(held.liids) for held in self.journal.held(HI3))


def x3(target: int, correlation: int, number: int | None, **changes: Any) -> X2X3Pdu:
    one = X2X3Pdu(
        PduType.X3, PayloadFormat.IPV4, PayloadDirection.FROM_TARGET, UUID(int=target).bytes, correlation,
        b"\x45" + bytes(59), nfid="ims-1", ipid="ims-1-media", sequence_number=number, timestamp_ns=T * 1000 + 1_000,
    )  # fmt: skip
    return one._replace(**changes)


PDUS = st.builds(
    x3,
    target=st.sampled_from([1, 1, 2, 3, 5, 6, 99]),
    correlation=st.integers(1, 3),
    number=st.one_of(st.integers(0, 40), st.just(0xFFFFFFFF), st.none()),
    payload_direction=st.sampled_from([3, 3, 2, 1, 5]),
    payload=st.sampled_from([b"", b"\x45", b"\x45" + bytes(59), b"\x45" + bytes(199), bytes(1_400), bytes(70_000)]),
    payload_format=st.sampled_from([5, 5, 5, 6, 8, 7]),
    timestamp_ns=st.one_of(
        st.integers(T * 1000 - 5_000, (T + 10_000_050) * 1000),
        st.sampled_from([T * 1000, (T + 10_000_000) * 1000, None]),
    ),
    nfid=st.sampled_from(["ims-1", "ims-1", "upf-1", "none"]),
    matched_targets=st.sampled_from([(), ("<imsi>001010000000001</imsi>",)]),
    extra=st.sampled_from([(), (), ((9, bytes(8)),), ((777, b"x" * 300),)]),
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(pdus=st.lists(PDUS, max_size=12), repeats=st.integers(1, 4), seed=st.integers(0, 1 << 16))
def test_whatever_comes_both_ways_hand_over_the_same_octets_and_count_the_same(
    on_kernels: None, tmp_path_factory: pytest.TempPathFactory, pdus: list[X2X3Pdu], repeats: int, seed: int
) -> None:
    chance = random.Random(seed)
    octets = b""
    for one in pdus * repeats:
        octets += encode_pdu(one)
        if chance.random() < 0.05:
            octets += encode_pdu(keepalive(7))
    root = tmp_path_factory.mktemp("bulk")
    short, ordinary = Side(root / "short", True), Side(root / "ordinary", False)
    cut = chance.choice([1 << 30, 9_973, 997])
    asked = [side.feed(octets, lambda left: min(left, cut)) for side in (short, ordinary)]
    assert asked[0] == asked[1]
    assert short.content == ordinary.content
    assert short.counted() == ordinary.counted()
    assert short.counters() == ordinary.counters()


def call(records: int, target: int = 1, correlation: int = 1, first: int = 0, **changes: Any) -> bytes:
    return b"".join(
        encode_pdu(
            x3(
                target, correlation, first + number,
                payload_direction=3 - number % 2, timestamp_ns=(T + number * 200) * 1000, **changes,
            )
        )
        for number in range(records)
    )  # fmt: skip


def test_a_call_takes_the_short_way_from_its_third_packet_on(on_kernels: None, tmp_path: Path) -> None:
    side = Side(tmp_path, True)
    side.feed(call(500), lambda left: left)
    held = side.journal.held(HI3)
    assert [one.records for one in held] == [1, 1, 498] and held[-1].liids == (("LAB-1", 498),)
    counts = side.counted()["per_liid"]["LAB-1"]
    names = ("x3_in", "cc", "backlog", "numbered", "gaps")
    assert [counts[name] for name in names] == [500, 500, 500, 500, 0]


def test_what_was_skipped_before_us_is_a_gap_on_the_short_way_too(on_kernels: None, tmp_path: Path) -> None:
    side = Side(tmp_path, True)
    side.feed(call(10) + call(10, first=15) + call(2, first=3), lambda left: left)
    assert side.counted()["per_liid"]["LAB-1"]["gaps"] == 5 and side.runs


@pytest.mark.parametrize(
    "config",
    [
        {"segment_octets": 64}, {"aggregation": {"records": 4}}, {"integrity": {"hash_records": 10}},
        {"sequence_scope": "liid"},
    ],
)  # fmt: skip
def test_where_something_is_agreed_that_changes_records_nothing_takes_it(
    on_kernels: None, tmp_path: Path, config: dict[str, Any]
) -> None:
    short, ordinary = Side(tmp_path / "a", True, **config), Side(tmp_path / "b", False, **config)
    for side in (short, ordinary):
        side.feed(call(100), lambda left: left)
    assert not short.runs and short.content == ordinary.content


def test_an_old_module_version_is_written_by_both_ways(on_kernels: None, tmp_path: Path) -> None:
    sides = [Side(tmp_path / name, name == "short", ps_module_version=22) for name in ("short", "ordinary")]
    for side in sides:
        side.feed(call(100), lambda left: left)
    assert sides[0].runs and sides[0].content == sides[1].content


@pytest.mark.parametrize(
    "faults",
    [{"skip": {"LAB-1": 0.5}}, {"swap": {"LAB-1": 0.5}}, {"window_slack_s": {"LAB-1": 5.0}}, {"resend_window": 5}],
)
def test_a_fault_is_at_work_on_every_record(on_kernels: None, tmp_path: Path, faults: dict[str, Any]) -> None:
    short, ordinary = (Side(tmp_path / name, name == "a") for name in ("a", "b"))
    for side in (short, ordinary):
        side.feed(call(50), lambda left: left)
        side.faults.change(faults)
        side.feed(call(50, first=50), lambda left: left)
        side.faults.change({name: FaultsModel().model_dump()[name] for name in faults})
        for first in (100, 150):
            side.feed(call(50, first=first), lambda left: left)
    assert short.runs >= 2 and short.content == ordinary.content and short.counted() == ordinary.counted()


def test_attack_content_after_a_revocation_does_not_slip_through_what_was_learned(
    on_kernels: None, tmp_path: Path
) -> None:
    side = Side(tmp_path, True)
    side.feed(call(100), lambda left: left)
    before = side.content
    side.orders[UUID(int=1)] = order(1, revoked_at_us=T + 1)
    side.admf.changes += 1
    side.feed(
        call(
            100,
            first=100,
        ),
        lambda left: left,
    )
    # The first packet of the second hundred is stamped before the revocation.
    assert len(side.journal.held(HI3)) == 4 and len(side.content) < len(before) * 1.02
    assert side.counted()["per_liid"]["LAB-1"]["scoped_out"] == 99


def test_attack_content_outside_the_window_does_not_slip_through_what_was_learned(
    on_kernels: None, tmp_path: Path
) -> None:
    side = Side(tmp_path, True)
    late = b"".join(encode_pdu(x3(1, 1, 100 + n, timestamp_ns=(T + 10_000_000 + n) * 1000)) for n in range(50))
    early = b"".join(encode_pdu(x3(1, 1, 150 + n, timestamp_ns=(T - 1 - n) * 1000)) for n in range(50))
    side.feed(call(100) + late + early, lambda left: left)
    counts = side.counted()["per_liid"]["LAB-1"]
    assert (counts["cc"], counts["scoped_out"], counts["gaps"]) == (100, 100, 0)


def test_attack_another_task_s_packets_are_not_taken_for_those_of_a_known_one(on_kernels: None, tmp_path: Path) -> None:
    side = Side(tmp_path, True)
    side.feed(call(10), lambda left: left)
    mixed = b"".join(
        call(1, target=target, correlation=correlation, first=10) for target in (1, 99, 5) for correlation in (1, 2)
    )
    side.feed(mixed, lambda left: left)
    counted = side.counted()
    assert counted["unknown_xid"] == 2 and counted["per_liid"]["LAB-5"]["cc"] == 0
    assert counted["per_liid"]["LAB-1"]["cc"] == 12


def test_a_killed_process_goes_on_with_the_same_records_and_numbers(on_kernels: None, tmp_path: Path) -> None:
    side = Side(tmp_path, True)
    side.feed(call(300) + call(200, target=2, correlation=9), lambda left: left)
    before, counters = side.content, side.counters()
    # No close: what write() took is what a kill leaves.
    side.start()
    assert side.content == before and side.counters() == counters
    side.feed(call(100, first=300), lambda left: left)
    ordinary = Side(tmp_path / "ordinary", False)
    ordinary.feed(call(300) + call(200, target=2, correlation=9) + call(100, first=300), lambda left: left)
    assert side.content == ordinary.content


def test_counters_survive_the_rotation_of_files_between_runs(on_kernels: None, tmp_path: Path) -> None:
    side = Side(tmp_path, True, journal={"file_octets": 1 << 16})
    side.journal._file_octets = 1 << 16
    for first in range(0, 4_000, 500):
        side.feed(call(500, first=first), lambda left: left)
        side.journal.acknowledge(HI3, side.journal.held(HI3)[-1].journal_id)
    files = sorted((tmp_path / "journal").iterdir())
    assert 1 <= len(files) <= 2 and files[0].name > "journal-00000004.log"
    side.start()
    assert side.mediation._counters.peek(str(UUID(int=1)), 1).next_cc == 4_000  # type: ignore[union-attr]
    assert not side.journal.held(HI3)


def test_beyond_the_capacity_whole_runs_go_and_are_counted(on_kernels: None, tmp_path: Path) -> None:
    side = Side(tmp_path, True)
    side.journal._capacity_octets = 100_000
    for first in range(0, 2_000, 200):
        side.feed(call(200, first=first), lambda left: left)
    kept = sum(held.records for held in side.journal.held(HI3))
    assert side.journal.dropped == {"LAB-1": 2_000 - kept} and 0 < kept < 1_000
    side.start()
    assert side.journal.dropped == {"LAB-1": 2_000 - kept}


def test_flood_of_contexts_holds_bounded_memory(
    on_kernels: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_module, "MAX_CONTEXTS", 50)
    monkeypatch.setattr(bulk_module, "MAX_TRIED", 100)
    monkeypatch.setattr(bulk_module, "MAX_TEMPLATES", 3)
    side, ordinary = Side(tmp_path / "a", True), Side(tmp_path / "b", False)
    octets = b"".join(call(3, correlation=number, ipid=f"ims-1-media-{number % 5}") for number in range(300))
    for one in (side, ordinary):
        one.feed(octets, lambda left: left)
    held = side.mediation._bulk
    assert held._contexts.n <= 50 and len(held._tried) <= 100 and len(held._templates) <= 3
    assert side.content == ordinary.content and side.counted() == ordinary.counted()


def test_a_communication_that_the_counters_forgot_begins_anew_on_both_ways(
    on_kernels: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mediation import sequence

    monkeypatch.setattr(sequence, "MAX_COMMUNICATIONS", 3)
    sides = [Side(tmp_path / name, name == "short") for name in ("short", "ordinary")]
    for side in sides:
        for round_ in range(3):
            for correlation in (1, 2, 3, 4):
                # A packet of a form that is never taken short, then those that are.
                side.feed(
                    encode_pdu(x3(1, correlation, None, payload_format=6, nfid="upf-1")) +
                    call(5, correlation=correlation, first=5 * round_), lambda left: left,
                )  # fmt: skip
    assert sides[0].content == sides[1].content
    numbers = sides[0].mediation._counters.next_cin
    assert numbers == 13
