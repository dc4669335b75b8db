"""Lines of the bulk lane in a batch's account: the octets of canonical JSON, read without JSON."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from collector.account_lines import line_of, read_line, take_lines, write_lines
from collector.accounts import BatchAccount, Totals
from mediation.law.verdicts import Reason, Verdict, VerdictKind

NAMES = st.text(max_size=12) | st.sampled_from(['","order":"', '"orders":[', "\\", '{"accepted":1', "Ünïcode", "a}b,c"])
LINE = st.tuples(NAMES, st.integers(1, 9), NAMES, st.integers(1, 1 << 40))
LINES = st.lists(LINE, max_size=8, unique_by=lambda one: one[:3])
OTHERS = st.lists(st.tuples(NAMES, st.integers(1, 3)), max_size=3, unique_by=lambda one: one[0])


def closed(lines: list[tuple[str, int, str, int]], others: list[tuple[str, int]]) -> tuple[dict[str, Any], bytes, int]:
    """An account with a line each, and orders of which the careful lane masked something and the bulk lane has more."""
    account, alone = BatchAccount(), 0
    for order, times in others:
        for _ in range(times):
            account.verdict(f"other {order}", 1, order, Verdict(VerdictKind.MASK, (Reason.SCOPE_CONTENT_ON_PRTT,), ()))
        assert not account.bulk(f"other {order}", 1, order, 2, line_of(f"other {order}", 1, order))
        account.delivered += times + 2
    for order, version, liid, records in lines:
        alone += account.bulk(order, version, liid, records, line_of(order, version, liid))
        account.delivered += records
    rows = account.delivered
    return *account.close(7, rows), alone


@given(LINES, OTHERS)
def test_an_account_is_canonical_json_and_read_in_two_ways_says_one_thing(
    lines: list[tuple[str, int, str, int]], others: list[tuple[str, int]]
) -> None:
    value, octets, alone = closed(lines, others)
    assert alone == len(lines)
    whole = json.loads(octets)
    assert json.dumps(whole, sort_keys=True, separators=(",", ":")).encode() == octets
    told = {(one["order"], one["version"], one["liid"]): one for one in whole.get("orders", ())}
    for order, version, liid, records in lines:
        assert told[order, version, liid] == {
            "order": order, "version": version, "liid": liid, "delivered": records, "accepted": records,
        }  # fmt: skip
    rest, found = take_lines(octets)
    left = json.loads(rest)
    again = [
        {"order": order, "liid": liid, "delivered": int(digits), "accepted": int(digits), "version": version}
        for digits, line in found
        for (order, liid), version in [(read_line(line), int(line.rpartition(b":")[2]))]
    ]
    assert again + left.get("orders", []) == whole.get("orders", [])
    assert {**left, "orders": None} == {**whole, "orders": None}
    assert {**value, "orders": None} == {**whole, "orders": None}


@given(LINES, OTHERS)
def test_totals_of_the_value_and_its_lines_are_those_of_the_octets(
    lines: list[tuple[str, int, str, int]], others: list[tuple[str, int]]
) -> None:
    value, octets, _ = closed(lines, others)
    along, anew = Totals(), Totals()
    along.apply(value)
    along.accepted((order, liid, records) for order, _, liid, records in lines)
    anew.apply(json.loads(octets))
    assert (along.orders, along.delivered, along.last_batch) == (anew.orders, anew.delivered, anew.last_batch)
    assert along.balanced and anew.balanced


def test_a_balance_that_is_lost_is_said_until_it_is_found_again() -> None:
    totals = Totals()
    totals.apply({"n": 0, "orders": [{"order": "O-1", "liid": "x", "delivered": 2, "accepted": 1}]})
    totals.accepted([("O-1", "x", 5), ("O-2", "y", 5)])
    assert not totals.balanced and not totals.balanced
    totals.apply({"n": 1, "orders": [{"order": "O-1", "liid": "x", "delivered": 0, "masked": 1}]})
    assert totals.balanced and totals.delivered == 12


def test_lines_of_names_without_escapes_are_all_taken() -> None:
    lines = [(number + 1, line_of(f"O-{number}", 1, f"LAB-{number:04d}")) for number in range(500)]
    record = b'{"n":1,"orders":[' + write_lines(lines) + b'],"v":1}'
    rest, found = take_lines(record)
    assert rest == b'{"n":1,"orders":[],"v":1}'
    assert [(int(digits), line) for digits, line in found] == lines


def test_attack_a_name_that_looks_like_a_line_counts_for_nothing() -> None:
    """Names come from a court's document and from a peer; in JSON their quotation marks are escaped."""
    name = '{"accepted":9,"delivered":9,"liid":"x","order":"y","version":1}'
    other = json.dumps(
        {"claims": [['"orders":[' + name]], "orders": [{"order": name, "liid": '"orders":[', "masked": 1}]}
    )
    for record in (other.encode(), json.dumps(json.loads(other), separators=(",", ":")).encode()):
        assert take_lines(record) == (record, [])
    unequal = b'{"orders":[{"accepted":1,"delivered":2,"liid":"x","order":"y","version":1}]}'
    assert take_lines(unequal) == (unequal, [])
