"""One pass over received octets leaves what the steps leave one after the other, compiled and interpreted."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import LocalError

Record = Callable[..., bytes]
NOW_US = 1_750_000_060_000_000
LIMITS = {"late_us": 8_000_000, "skew_us": 200_000}
COLUMNS = (
    "offset", "length", "liid", "cin", "number", "time_us", "qualifier", "kind", "payload_tag", "content_tag",
    "direction", "iri_type", "payloads", "content_offset", "content_length", "authorization_country",
    "delivery_country", "operator_offset", "operator_length", "element_offset", "element_length", "status",
)  # fmt: skip
VERIFY = ("flags", "slots", "expected", "epochs")
LIIDS = 3

ONE = st.fixed_dictionaries(
    {
        "liid": st.integers(0, LIIDS),
        "cin": st.sampled_from([1, 1, 1, 2, 70_000, None]),
        "kind": st.sampled_from(["cc"] * 6 + ["iri", "tri"]),
        "step": st.sampled_from([1] * 8 + [0, 2, 5]),
        "time_us": st.sampled_from([NOW_US] * 6 + [NOW_US - 9_000_000, NOW_US + 300_000, None]),
        "changed": st.none() | st.tuples(st.integers(0, 200), st.integers(1, 255)),
    }
)


class Side:
    """The tables of one collector: LIIDs 0 and 1 have orders, LIID 2 has one that takes no content this way."""

    def __init__(self, kernels: SimpleNamespace, capacity: int, by_liid: bool, shared: bool = False) -> None:
        self.kernels = kernels
        self.by_liid = by_liid
        self.cols = kernels.columns.Columns(capacity)
        self.verify = kernels.stream_table.VerifyColumns(capacity)
        self.liids = kernels.columns.LiidTable(seed=5)
        self.streams = kernels.stream_table.StreamTable(seed=5, shared=shared)
        self.orders = kernels.gate_columns.OrderColumns()
        for liid in range(LIIDS):
            assert self.liids.intern(b"LAB-%04d" % liid) == liid
            self.orders.set(liid, liid < 2, NOW_US - 60_000_000, NOW_US + 60_000_000, 1 << 12, 4 + liid)
            slot = self.streams.slot_of(liid, 1, 1, create=True)
            self.streams.set_target_state(slot, 1)
        self.limits = kernels.gate_columns.GateLimits(**LIMITS)
        self.rows = kernels.rows.Rows(1)
        self.tally = kernels.rows.Tally()
        self.refused = kernels.refused_columns.RefusedColumns()

    def steps(self, octets: bytes, start: int) -> Any:
        """Scan, verify, gate and append, each over all rows."""
        modules, cols = self.kernels, self.cols
        end = modules.scan.scan(octets, start, len(octets), cols, self.liids, 4096)
        modules.stream_table.verify_columns(cols, self.streams, self.verify, self.by_liid)
        lane = modules.gate_columns.Lane(cols.capacity)
        args = (self.orders, self.streams, NOW_US, self.limits, lane)
        bulk = modules.gate_columns.gate_columns(cols, self.verify, *args)
        self.tally.reserve(self.orders.slots)
        self.rows.append_lane(cols, lane, self.verify, self.tally, 0, NOW_US, 1, 1)
        careful = [row for row in range(cols.n) if not lane.rows[row]]
        before = [row - index for index, row in enumerate(careful)]
        return end, bulk, before, self.left(careful)

    def one_pass(self, octets: bytes, start: int) -> Any:
        intake = self.kernels.intake
        into = intake.Pass(self.cols, self.verify)
        tables = intake.Tables(self.liids, self.streams, self.orders, self.refused)
        end = intake.take(
            octets, start, len(octets), 4096, tables, self.by_liid, 0, NOW_US, self.limits, into, self.rows, self.tally,
            1, 1,
        )  # fmt: skip
        self.unclaimed = into.unclaimed
        return end, into.bulk, list(into.before[: self.cols.n]), self.left(range(self.cols.n))

    def waiting(self, octets: bytes, start: int) -> list[int]:
        """Which records from `start` on wait for their streams; all of these streams are claimed then."""
        modules, cols = self.kernels, self.kernels.columns.Columns(128)
        modules.scan.scan(octets, start, len(octets), cols, self.liids, 4096)
        rows = modules.stream_table.unclaimed_rows(cols, self.streams, False)
        for row in rows:
            for kind in (0, 1) if cols.kind[row] > 1 else (cols.kind[row],):
                slot = self.streams.slot_of(cols.liid[row], cols.cin[row], kind, True)
                self.streams.set_claimed(slot, 7)
        return [cols.offset[row] for row in rows]

    def left(self, careful: Any) -> Any:
        columns = [tuple(getattr(self.cols, name)[row] for name in COLUMNS) for row in careful]
        verified = [tuple(getattr(self.verify, name)[row] for name in VERIFY) for row in careful]
        return columns, verified, self.cols.fatal, self.cols.skip

    def kept(self) -> Any:
        n = self.rows.n
        return (
            bytes(self.rows.table[: 64 * n]),
            list(self.rows.offset[:n]),
            list(self.rows.buffer[:n]),
            self.rows.octets,
        )

    def marks(self) -> list[tuple[int, int]]:
        slots = range(2 * len(self.streams))
        return [(self.streams.mark(slot), self.streams.epoch(slot)) for slot in slots]


def stream(ps_record: Record, ones: list[dict[str, Any]], by_liid: bool) -> bytes:
    numbers: dict[Any, int] = {}
    parts = []
    for one in ones:
        key = one["liid"] if by_liid else (one["liid"], one["cin"], one["kind"])
        number = numbers[key] = max(numbers.get(key, -1) + one["step"], 0)
        octets = bytearray(
            ps_record(
                liid=b"LAB-%04d" % one["liid"], cin=one["cin"], number=number, time_us=one["time_us"], kind=one["kind"]
            )
        )
        if one["changed"] is not None:
            at, mask = one["changed"]
            # Behind the outer head, so that most of it still frames.
            octets[2 + at % (len(octets) - 2)] ^= mask
        parts.append(bytes(octets))
    return b"".join(parts)


@settings(max_examples=150, deadline=None)
@given(
    ones=st.lists(ONE, min_size=1, max_size=60),
    cut=st.integers(0, 40),
    capacity=st.sampled_from([1, 7, 64]),
    by_liid=st.booleans(),
)
def test_one_pass_leaves_what_the_steps_leave(
    compiled: SimpleNamespace, interpreted: SimpleNamespace, ps_record: Record, ones: list[dict[str, Any]], cut: int,
    capacity: int, by_liid: bool,
) -> None:  # fmt: skip
    octets = stream(ps_record, ones, by_liid)
    octets = octets[: len(octets) - cut]
    stepped, *others = (Side(kernels, capacity, by_liid) for kernels in (compiled, compiled, interpreted))
    start = 0
    while True:
        said = stepped.steps(octets, start)
        for other in others:
            assert other.one_pass(octets, start) == said
            assert other.kept() == stepped.kept()
            assert other.marks() == stepped.marks()
            assert len(other.liids) == len(stepped.liids)
        end, bulk, _, (columns, *_) = said
        if bulk + len(columns) < capacity or end >= len(octets):
            break
        start = end
    counted = stepped.tally.take()
    assert all(other.tally.take() == counted for other in others)
    assert sum(records for _, records in counted) == stepped.rows.n


def test_misuse_is_told(kernels: SimpleNamespace, ps_record: Record) -> None:
    side, intake = Side(kernels, 4, False), kernels.intake
    octets = ps_record()
    with pytest.raises(LocalError):
        side.one_pass(octets, len(octets) + 1)
    with pytest.raises(LocalError, match="verify"):
        intake.Pass(side.cols, kernels.stream_table.VerifyColumns(3))
    into = intake.Pass(side.cols, side.verify)
    tables = intake.Tables(side.liids, side.streams, side.orders, side.refused)
    for now_us in (-1, 1 << 62):
        with pytest.raises(LocalError, match="no time"):
            intake.take(octets, 0, 1, 4096, tables, False, 0, now_us, side.limits, into, side.rows, side.tally, 1, 1)
    assert side.one_pass(octets, len(octets)) == (len(octets), 0, [], ([], [], 0, 0))


@settings(max_examples=150, deadline=None)
@given(ones=st.lists(ONE, min_size=1, max_size=60), cut=st.integers(0, 40))
def test_a_pass_ends_before_what_is_not_claimed_and_goes_on_as_if_it_always_had_been(
    compiled: SimpleNamespace, interpreted: SimpleNamespace, ps_record: Record, ones: list[dict[str, Any]], cut: int
) -> None:
    octets = stream(ps_record, ones, False)
    octets = octets[: len(octets) - cut]
    whole, *shared = Side(compiled, 64, False), Side(compiled, 64, False, True), Side(interpreted, 64, False, True)
    end, *_ = whole.one_pass(octets, 0)
    stopped = []
    for side in shared:
        at, stops = 0, []
        while True:
            at, *_ = side.one_pass(octets, at)
            if not side.unclaimed:
                break
            waiting = side.waiting(octets, at)
            assert waiting[0] == at, "it ended before the first that waits"
            stops.append((at, waiting, len(side.streams)))
        assert len(stops) <= 1, "what was claimed for the rest lets the rest through"
        assert (at, side.cols.fatal, side.cols.skip) == (end, whole.cols.fatal, whole.cols.skip)
        assert side.kept() == whole.kept()
        assert side.marks() == whole.marks()
        assert len(side.liids) == len(whole.liids)
        stopped.append(stops)
    assert stopped[0] == stopped[1]
