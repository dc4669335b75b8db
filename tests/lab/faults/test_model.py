"""What a request for a fault may say."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from asn1.errors import RefusedError
from lab.faults.board import Board, LinkSpec
from lab.faults.elsewhere import bodies
from lab.faults.model import FAULTS, MAX_STANDING, FaultRequest, Kind, fault_request

LINKS = {
    "hi2": LinkSpec("hi2", "ps-pdu"),
    "tls": LinkSpec("tls", "ps-pdu", terminated=True),
    "dark": LinkSpec("dark", "none"),
    "cdc": LinkSpec("cdc", "ber"),
    "ccc": LinkSpec("ccc", "none", datagrams=True),
}
LEAST: dict[str, dict[str, Any]] = {
    "delay": {"milliseconds": 5},
    "slow_reader": {"octets_per_s": 100},
    "clock_skew": {"milliseconds": -5},
    "over_delivery": {"liid": "L"},
    "wrong_number": {"liid": "L", "number": "+12125550199"},
}


def request(kind: str, **more: Any) -> FaultRequest:
    elsewhere = FAULTS[kind].needs in ("carrier_sim", "mediation")
    return fault_request({"kind": kind, **({} if elsewhere else {"link": "tls"}), **LEAST.get(kind, {}), **more})


def test_every_kind_is_described_and_can_be_asked_for() -> None:
    assert set(get_args(Kind)) == set(FAULTS) and len(FAULTS) == 17
    board = Board(dict(LINKS))
    for number, kind in enumerate(FAULTS, 1):
        assert board.add(request(kind), 0).name == f"F{number}"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([], "JSON object"),
        ({}, "There is no fault"),
        ({"kind": "earthquake", "link": "hi2"}, "choose one of bad_integrity"),
        ({"kind": "loss"}, "needs a link"),
        ({"kind": "loss", "link": "hi2", "share": 0}, "share"),
        ({"kind": "loss", "link": "hi2", "milliseconds": 3}, "takes share"),
        ({"kind": "delay", "link": "hi2"}, "needs milliseconds"),
        ({"kind": "delay", "link": "hi2", "milliseconds": -1}, "1 to 600000"),
        ({"kind": "flood", "link": "hi2", "copies": 1 << 40}, "copies"),
        ({"kind": "over_delivery", "liid": "L", "link": "hi2"}, "leave out the link"),
        ({"kind": "cut", "link": "hi2", "rm": "-rf"}, "rm"),
    ],
)
def test_attack_a_request_that_makes_no_sense_is_refused_in_a_sentence(values: object, says: str) -> None:
    with pytest.raises(RefusedError, match=says):
        fault_request(values)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"kind": "cut", "link": "nowhere"}, "choose one of ccc, cdc"),
        ({"kind": "wrong_certificate", "link": "hi2"}, "does not end at the proxy"),
        ({"kind": "loss", "link": "dark"}, "hidden in TLS"),
        ({"kind": "sequence_jump", "link": "cdc"}, "no PS-PDUs"),
        ({"kind": "half_open", "link": "ccc"}, "datagrams"),
    ],
)
def test_a_link_has_no_fault_that_it_cannot_have(values: dict[str, Any], says: str) -> None:
    board = Board(dict(LINKS))
    with pytest.raises(RefusedError, match=says):
        board.add(fault_request(values), 0)
    assert not board.standing


def test_attack_there_are_never_more_faults_than_a_board_holds() -> None:
    board = Board(dict(LINKS))
    for _ in range(MAX_STANDING):
        board.add(request("loss"), 0)
    with pytest.raises(RefusedError, match="clear one first"):
        board.add(request("loss"), 0)


def test_one_ends_by_time_by_name_or_with_all() -> None:
    board = Board(dict(LINKS))
    board.add(request("cut", seconds=2), 1_000_000)
    for _ in range(2):
        board.add(request("loss"), 0)
    assert not board.expire(2_999_999)
    assert [one.name for one in board.expire(3_000_000)] == ["F1"]
    board.drop(board.named("F2"))
    with pytest.raises(RefusedError, match="No fault F2 is on: F3"):
        board.named("F2")
    board.drop(board.named("all"))
    assert not board.standing and board.add(request("cut"), 0).name == "F4"


def test_what_others_are_asked_is_all_that_stands() -> None:
    asked = [request("over_delivery"), request("wrong_number"), request("clock_skew", point="ims-1")]
    assert bodies(asked) == {
        "carrier_sim": {"clock_offset_us": {"ims-1": -5_000}},
        "mediation": {
            "overdeliver_content": ["L"], "content_tasks": ["L"], "wrong_number": {"L": "+12125550199"},
        },
    }  # fmt: skip
    assert bodies([])["mediation"] == {"overdeliver_content": [], "content_tasks": [], "wrong_number": {}}
