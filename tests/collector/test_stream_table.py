"""Sequence marks: each rule of `verify_columns`, and the table against a dictionary, on both paths."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from asn1.errors import LocalError

LAST = 4_294_967_295
Scan = Callable[..., tuple[Any, Any]]
Record = Callable[..., bytes]


class Check:
    """One table fed batch by batch."""

    def __init__(self, kernels: SimpleNamespace, scanned: Scan, limit: int = 1000) -> None:
        self.module = kernels.stream_table
        self.scanned = scanned
        self.by_liid = False
        self.table = self.module.StreamTable(seed=77, limit=limit)
        self.liids = kernels.columns.LiidTable()

    def __call__(self, *records: bytes) -> list[int]:
        self.cols, _ = self.scanned(list(records), self.liids)
        self.verify = self.module.VerifyColumns(len(records))
        self.module.verify_columns(self.cols, self.table, self.verify, self.by_liid)
        return list(self.verify.flags)


@pytest.fixture
def check(kernels: SimpleNamespace, scanned: Scan) -> Check:
    return Check(kernels, scanned)


def test_in_order_from_zero(check: Check, ps_record: Record) -> None:
    assert check(*(ps_record(number=i) for i in range(5))) == [0] * 5
    slot = check.verify.slots[4]
    assert check.table.mark(slot) == 4
    assert check.table.key_of(slot) == (0, 1, 1)
    assert list(check.verify.expected) == [-1] * 5
    assert list(check.verify.epochs) == [0] * 5


def test_streams_are_apart_by_liid_cin_and_kind(check: Check, ps_record: Record) -> None:
    fields: list[dict[str, Any]] = [{}, {"cin": 2}, {"cin": None}, {"liid": b"LAB-0002"}, {"kind": "iri"}]
    assert check(*(ps_record(**f) for f in fields)) == [0] * 5
    assert len(set(check.verify.slots)) == 5
    assert len(check.table) == 4, "IRI and CC of one communication share an entry"
    assert check(*(ps_record(number=1, **f) for f in fields)) == [0] * 5


def test_first_number_above_zero(check: Check, ps_record: Record) -> None:
    module = check.module
    assert check(ps_record(number=9), ps_record(number=10)) == [module.NEW_STREAM | module.GAP, 0]
    assert list(check.verify.expected) == [0, -1]


def test_gap_names_what_was_expected_and_goes_on(check: Check, ps_record: Record) -> None:
    assert check(*(ps_record(number=i) for i in (0, 1, 5, 6, 3, 6, 7))) == [0, 0, 4, 0, 8, 8, 0]
    assert list(check.verify.expected) == [-1, -1, 2, -1, -1, -1, -1]
    assert check.table.mark(check.verify.slots[0]) == 7


def test_wrap_opens_an_epoch(check: Check, ps_record: Record) -> None:
    slot = check.table.slot_of(0, 1, 1, create=True)
    check.table.set_mark(slot, LAST - 1, 3)
    assert check(*(ps_record(number=i) for i in (LAST, 0, 1, LAST))) == [0, 0, 0, 4]
    assert list(check.verify.epochs) == [3, 4, 4, 4]


def test_cin_reset_begins_both_streams_anew(check: Check, ps_record: Record) -> None:
    module = check.module
    check(ps_record(number=0), ps_record(number=1), ps_record(kind="iri"), ps_record(cin=2))
    flags = check(
        ps_record(reset=True), ps_record(number=0), ps_record(kind="iri", number=0), ps_record(cin=2, number=1)
    )
    assert flags == [module.NOT_DATA | module.RESET, 0, 0, 0]
    assert list(check.verify.epochs) == [-1, 1, 1, 0]
    assert check(ps_record(cin=55, reset=True), ps_record(cin=55)) == [module.NOT_DATA | module.RESET, 0]
    assert list(check.verify.epochs) == [-1, 1], "also of a communication that nothing was known of"
    assert len(check.table) == 3


def test_a_reset_that_is_sent_again_is_none(check: Check, ps_record: Record) -> None:
    """By its stamp: what was sent behind it and comes again is known, also behind a restart."""
    module = check.module
    sent = (ps_record(reset=True), ps_record(number=0), ps_record(number=1))
    assert check(*sent) == [module.NOT_DATA | module.RESET, 0, 0]
    assert check(*sent) == [module.NOT_DATA, module.BELOW_MARK, module.BELOW_MARK]
    slot = check.table.slot_of(0, 1, 1)
    stamp_us = check.table.last_reset_us(slot)
    later = ps_record(reset=True, time_us=stamp_us + 1)
    assert check(later, ps_record(number=0)) == [module.NOT_DATA | module.RESET, 0]
    unstamped = ps_record(reset=True, time_us=None)
    assert check(unstamped, unstamped) == [module.NOT_DATA | module.RESET] * 2
    check.table.set_last_reset_us(slot, stamp_us)
    assert check(ps_record(reset=True)) == [module.NOT_DATA]


def test_a_liid_counts_all_its_records_where_the_link_says_so(check: Check, ps_record: Record) -> None:
    module = check.module
    check.by_liid = True
    fields: list[dict[str, Any]] = [{}, {"cin": 2}, {"cin": None}, {"kind": "iri"}]
    assert check(*(ps_record(number=n, **f) for n, f in enumerate(fields))) == [0] * 4
    assert len(set(check.verify.slots)) == 4, "who takes part is still told by communication"
    assert len(set(check.verify.counters)) == 1
    assert check.table.key_of(check.verify.counters[0]) == (0, module.LIID_CIN, 0)
    assert check(ps_record(number=1, cin=3), ps_record(number=9), ps_record(liid=b"LAB-0002")) == [
        module.BELOW_MARK, module.GAP, 0,
    ]  # fmt: skip
    assert list(check.verify.expected) == [-1, 4, -1]
    assert check(ps_record(cin=77, reset=True), ps_record(number=0)) == [module.NOT_DATA | module.RESET, 0]
    assert check.verify.epochs[1] == 1
    assert check.table.mark(check.table.slot_of(0, 1, 1)) == -1, "the communication's own says nothing"


def test_a_full_table_leaves_a_liids_rows_to_the_careful_lane(
    kernels: SimpleNamespace, scanned: Scan, ps_record: Record
) -> None:
    check = Check(kernels, scanned, limit=3)
    check.by_liid = True
    assert check(ps_record(), ps_record(cin=2, number=1), ps_record(cin=3, number=2)) == [0, 0, check.module.NO_ROOM]
    assert check.verify.slots[2] == check.verify.counters[2] == -1


def test_other_records_and_bad_ones_are_no_data(check: Check, ps_record: Record) -> None:
    bad = ps_record(liid=b"x" * 65)
    assert check(ps_record(kind="tri"), bad, ps_record()) == [1, 1, 0]
    assert list(check.verify.slots)[:2] == [-1, -1]


def test_full_table_leaves_rows_to_the_careful_lane(kernels: SimpleNamespace, scanned: Scan, ps_record: Record) -> None:
    check = Check(kernels, scanned, limit=2)
    module = check.module
    assert check(*(ps_record(cin=c) for c in (1, 2, 3))) == [0, 0, module.NO_ROOM]
    assert check.table.slot_of(0, 3, 1, create=True) == -1
    assert check.table.forget(0, 1)
    assert check(ps_record(cin=3), ps_record(cin=2, number=1)) == [0, 0]


def test_target_state_and_first_cc_are_of_the_communication(check: Check) -> None:
    table, module = check.table, check.module
    iri, cc = table.slot_of(4, 9, 0, create=True), table.slot_of(4, 9, 1, create=True)
    assert (table.target_state(iri), table.first_cc_us(cc)) == (module.TARGET_UNKNOWN, module.NEVER)
    table.set_target_state(iri, module.TARGET_OK)
    table.set_first_cc_us(cc, 55)
    assert (table.target_state(cc), table.first_cc_us(iri)) == (module.TARGET_OK, 55)
    table.forget(4, 9)
    again = table.slot_of(4, 9, 1, create=True)
    assert (table.target_state(again), table.first_cc_us(again)) == (module.TARGET_UNKNOWN, module.NEVER)
    assert (table.mark(again), table.epoch(again)) == (-1, 0)


def test_misuse_is_told(check: Check, kernels: SimpleNamespace, scanned: Scan, ps_record: Record) -> None:
    table = check.table
    slot = table.slot_of(1, 1, 0, create=True)
    assert not table.forget(1, 2)
    table.forget(1, 1)
    for call in (
        lambda: table.mark(slot),
        lambda: table.epoch(-1),
        lambda: table.key_of(999),
        lambda: table.set_target_state(slot, 1),
        lambda: table.slot_of(-1, 0, 0),
        lambda: table.slot_of(0, 1 << 32, 0),
        lambda: table.slot_of(0, 0, 2),
        lambda: check.module.StreamTable(limit=0),
        lambda: check.module.VerifyColumns(0),
    ):
        with pytest.raises(LocalError):
            call()
    held = table.slot_of(1, 1, 0, create=True)
    for call in (
        lambda: table.set_mark(held, -2, 0),
        lambda: table.set_mark(held, 0, -1),
        lambda: table.set_target_state(held, 3),
    ):
        with pytest.raises(LocalError):
            call()
    cols, _ = scanned([ps_record(), ps_record(number=1)])
    with pytest.raises(LocalError):
        check.module.verify_columns(cols, table, check.module.VerifyColumns(1))


def test_table_against_a_dictionary(kernels: SimpleNamespace) -> None:
    rng = random.Random(4)
    table = kernels.stream_table.StreamTable(seed=9, limit=300)
    held: dict[tuple[int, int], int] = {}
    for step in range(6000):
        key = (rng.randrange(6), rng.choice((-1, 0, LAST, *range(100))))
        choice = rng.randrange(4)
        if choice == 0:
            assert table.forget(*key) == (held.pop(key, None) is not None)
        elif choice == 1:
            assert (table.slot_of(*key, 0) >= 0) == (key in held)
        else:
            slot = table.slot_of(*key, 1, create=True)
            if slot < 0:
                assert len(held) == 300
                continue
            assert table.mark(slot) == held.get(key, -1)
            table.set_mark(slot, step, 0)
            held[key] = step
        assert len(table) == len(held)
    for key, mark in held.items():
        assert table.mark(table.slot_of(*key, 1)) == mark
        assert table.key_of(table.slot_of(*key, 1)) == (*key, 1)


@pytest.mark.parametrize("by_liid", [False, True])
def test_paths_agree_on_random_streams(
    compiled: SimpleNamespace, interpreted: SimpleNamespace, ps_record: Record, by_liid: bool
) -> None:
    rng = random.Random(31)
    tables = [(k, k.stream_table.StreamTable(limit=12), k.columns.LiidTable(limit=4)) for k in (compiled, interpreted)]
    for _ in range(60):
        octets = b"".join(
            ps_record(
                b"L%d" % rng.randrange(5),
                rng.randrange(4),
                rng.choice((0, 1, 2, 3, 4, LAST - 1, LAST)),
                kind=rng.choice(("cc", "cc", "iri", "tri")),
                reset=rng.randrange(12) == 0,
            )
            for _ in range(20)
        )
        answers = []
        for k, table, liids in tables:
            cols = k.columns.Columns(20)
            verify = k.stream_table.VerifyColumns(20)
            assert k.scan.scan(octets, 0, len(octets), cols, liids, 4096) == len(octets)
            k.stream_table.verify_columns(cols, table, verify, by_liid)
            names = ("flags", "slots", "expected", "epochs", "counters")
            answers.append([list(getattr(verify, name)) for name in names])
        assert answers[0] == answers[1]


def test_a_table_of_one_collector_has_claimed_everything(kernels: SimpleNamespace) -> None:
    table = kernels.stream_table.StreamTable()
    slot = table.slot_of(0, 1, 1, create=True)
    assert table.claimed(slot) and table.claimed(slot - 1)
    assert table.token(slot) == 0
    assert table.claims == 0


def test_a_claim_is_of_one_kind_and_gone_with_its_communication(kernels: SimpleNamespace) -> None:
    table = kernels.stream_table.StreamTable(shared=True)
    iri, cc = (table.slot_of(0, 1, kind, create=True) for kind in (0, 1))
    assert not table.claimed(iri) and not table.claimed(cc)
    table.set_claimed(cc, 5)
    assert (table.claimed(iri), table.claimed(cc)) == (False, True)
    assert (table.token(iri), table.token(cc), table.claims) == (0, 5, 1)
    table.set_claimed(iri, 6)
    table.unclaim(cc)
    assert (table.claimed(iri), table.claimed(cc), table.token(cc)) == (True, False, 0)
    table.forget(0, 1)
    again = table.slot_of(9, 9, 0, create=True)
    assert again == iri, "the place is given out again"
    assert (table.claimed(again), table.token(again), table.claims) == (False, 0, 0)


@pytest.mark.parametrize(
    ("fields", "sealed", "waits"),
    [
        ({"kind": "cc", "number": 0}, False, True),
        ({"kind": "iri", "number": 0}, False, True),
        ({"kind": "tri"}, False, False),
        ({"kind": "cc", "number": 0, "cin": None}, False, True),
    ],
)
def test_which_records_wait_for_a_claim(
    kernels: SimpleNamespace, scanned: Scan, ps_record: Record, fields: dict[str, Any], sealed: bool, waits: bool
) -> None:
    cols, _ = scanned([ps_record(**fields)])
    table = kernels.stream_table.StreamTable(shared=True)
    assert kernels.stream_table.unclaimed_rows(cols, table, sealed) == ([0] if waits else [])
    assert kernels.stream_table.unclaimed_rows(cols, kernels.stream_table.StreamTable(), sealed) == (
        [0] if waits else []
    ), "what is not there yet is unclaimed; who does not share does not ask"


def test_a_full_table_waits_for_nothing(kernels: SimpleNamespace, scanned: Scan, ps_record: Record) -> None:
    cols, _ = scanned([ps_record(number=0, cin=2)])
    table = kernels.stream_table.StreamTable(limit=1, shared=True)
    table.slot_of(9, 9, 0, create=True)
    assert kernels.stream_table.unclaimed_rows(cols, table, False) == []
