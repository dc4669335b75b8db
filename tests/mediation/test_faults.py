"""Each training fault by itself: what it does, that it is off, that it can be repeated."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from asn1.errors import RefusedError
from asn1.ps_pdu import PsHeader, cc_pdu, decode_ps_pdu
from mediation.config import FaultsModel
from mediation.faults import RESEND_OCTETS, SWAP_FLUSH_S, ConflictModel, Faults, ResendModel, fault_request, other_digit
from mediation.journal import HI2, HI3, Entry
from mediation.law.documents import order_from_fields
from mediation.law.orders import CourtOrder, Exigency, OrderKind, OrderState, Service
from mediation.scope import Scope, ScopeEvent, allow

START = 1_750_000_000_000_000
DAY = 86_400_000_000


def faults(**on: Any) -> Faults:
    return Faults(FaultsModel.model_validate(on))


def entry(number: int, stream: int = HI2, liid: str = "LAB-1", correlation: int = 7) -> Entry:
    return Entry(stream, liid, b"record %d of 12125550100" % number, (f"xid of {liid}", correlation, {"cin": 1}))


def entries(count: int, **where: Any) -> list[Entry]:
    return [entry(number, **where) for number in range(count)]


def order(**changes: Any) -> CourtOrder:
    values = {
        "order_id": "O-1", "kind": "EAVESDROPPING", "liid": "LAB-1", "targets": ["e164:12125550101"],
        "start": START, "end": START + DAY, "services": ["VOICE"],
    }  # fmt: skip
    return replace(order_from_fields(values), **changes)


# --- off ----------------------------------------------------------------------------------------------------------


def test_without_faults_records_pass_untouched_and_nothing_is_kept() -> None:
    one, sent = faults(), entries(50)
    assert one.arrange(sent, START, 0.0) is sent
    assert one.held_back == 0 and one.due(1 << 62, 1e9) == []
    assert one.model.active() == {} and one.slack_us("LAB-1") == 0
    assert not any(one.overdelivers("LAB-1", service) for service in Service)
    assert one.as_judged(order()) is not None and one.as_judged(order()) == order()
    assert not any(one.skips("LAB-1") for _ in range(100))
    with pytest.raises(RefusedError, match="resend_window"):
        one.resend(ResendModel(liid="LAB-1"))


# --- settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {"explode": 1},
        {"swap": {"LAB-1": 0}},
        {"swap": {"LAB-1": 1.1}},
        {"skip": {"LAB-1": -1}},
        {"delay": {"LAB-1": {"us": 0}}},
        {"cut": ["hi4"]},
        {"wrong_number": {"LAB-1": "not a number"}},
        {"rogue_task": ["x"]},
        {"overdeliver_content": {"LAB-1": ["FAX"]}},
        {"window_slack_s": {"LAB-1": "soon"}},
        {"resend_window": -1},
    ],
)
def test_a_wrong_fault_is_refused_in_a_sentence_and_changes_nothing(values: dict[str, Any]) -> None:
    one = faults(cut=["hi2"])
    with pytest.raises(RefusedError) as caught:
        one.change(values)
    assert next(iter(values)) in str(caught.value) and "\n" not in str(caught.value)
    assert one.model.active() == {"cut": ["hi2"]}


def test_a_fault_replaces_what_was_set_under_its_name_and_leaves_the_others() -> None:
    one = faults(cut=["hi2"], swap={"LAB-1": 0.1})
    one.change({"cut": ["hi3"]})
    assert one.model.active() == {"cut": ["hi3"], "swap": {"LAB-1": 0.1}}
    one.change({"cut": [], "swap": {}})
    assert one.model.active() == {}


@pytest.mark.parametrize("body", [{"cut": ["hi2"]}, {"set": {"cut": ["hi2"]}}])
def test_a_request_names_faults_at_the_top_or_under_set(body: dict[str, Any]) -> None:
    assert fault_request(body).set == {"cut": ["hi2"]}
    acting = fault_request({**body, "resend": {"liid": "LAB-1", "records": 3, "times": 2}})
    assert acting.resend == ResendModel(liid="LAB-1", records=3, times=2) and acting.conflict is None


@pytest.mark.parametrize("body", [[], "cut", None, {"resend": 1}, {"conflict": {"records": 1}}, {"set": []}])
def test_a_request_that_is_none_is_refused(body: object) -> None:
    with pytest.raises(RefusedError):
        fault_request(body)


# --- what the carrier hands over too much -------------------------------------------------------------------------


def test_content_is_overdelivered_by_service_so_that_signalling_stays_redacted() -> None:
    one = faults(overdeliver_content={"LAB-1": ["SMS", "MMS"]})
    given = {service for service in Service if one.overdelivers("LAB-1", service)}
    assert given == {Service.SMS, Service.MMS} and not one.overdelivers("LAB-2", Service.SMS)
    everything = faults(overdeliver_content=["LAB-1"])
    assert all(everything.overdelivers("LAB-1", service) for service in Service)


@pytest.mark.parametrize(
    "ended",
    [
        {"revoked_at_us": START + 1, "state": OrderState.REVOKED},
        {"state": OrderState.TERMINATED, "objective_attained_at_us": START + 1},
        {"kind": OrderKind.EXIGENT_EAV_STATE, "exigent": Exigency(START, denied_at_us=START + 1)},
        {"kind": OrderKind.EXIGENT_PRTT},
        {},
    ],
)
def test_an_order_kept_in_force_has_no_end_and_any_other_has(ended: dict[str, Any]) -> None:
    over = order(**ended)
    event = ScopeEvent(START + 300 * DAY, Service.VOICE, False)
    assert allow(over, event).scope is Scope.WITHHOLD
    assert allow(faults(keep_in_force=["LAB-1"]).as_judged(over), event).scope is not Scope.WITHHOLD
    assert allow(faults(keep_in_force=["LAB-2"]).as_judged(over), event).scope is Scope.WITHHOLD
    early = ScopeEvent(START - 1, Service.VOICE, False)
    assert allow(faults(keep_in_force=["LAB-1"]).as_judged(over), early).scope is Scope.WITHHOLD


def test_slack_is_by_liid() -> None:
    one = faults(window_slack_s={"LAB-1": 1.5})
    assert (one.slack_us("LAB-1"), one.slack_us("LAB-2")) == (1_500_000, 0)


# --- numbers and order --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "hits"), [(0.06, 6), (0.1, 10), (0.29, 29), (0.5, 50), (1.0, 100)])
def test_a_share_is_that_share_of_every_hundred(share: float, hits: int) -> None:
    one = faults(skip={"LAB-1": share})
    for _ in range(3):
        assert sum(one.skips("LAB-1") for _ in range(100)) == hits
    assert not one.skips("LAB-2")


def test_a_swapped_record_leaves_behind_its_successor() -> None:
    sent = entries(100)
    out = faults(swap={"LAB-1": 0.1}).arrange(sent, START, 0.0)
    assert sorted(out) == sorted(sent) and out != sent
    late = [index for index, one in enumerate(out) if index and sent.index(one) < sent.index(out[index - 1])]
    assert len(late) == 9, "the hundredth waits for a successor"
    again = faults(swap={"LAB-1": 0.1}).arrange(sent, START, 0.0)
    assert again == out


def test_a_swapped_record_waits_for_one_of_its_own_stream_and_not_for_ever() -> None:
    one = faults(swap={"LAB-1": 1.0})
    mine = entry(0)
    others = [entry(1, stream=HI3), entry(2, correlation=8), entry(3, liid="LAB-2")]
    assert one.arrange([mine, *others], START, 0.0) == [others[2]]
    assert one.held_back == 3
    successor = entry(4)
    assert one.arrange([successor], START, 0.1) == [successor, mine]
    assert one.due(START, SWAP_FLUSH_S - 0.01) == []
    assert sorted(one.due(START, SWAP_FLUSH_S)) == sorted(others[:2]) and one.held_back == 0


def test_six_iri_of_a_hundred_are_late_and_content_is_not() -> None:
    one = faults(delay={"LAB-1": {"us": 9_000_000, "share": 0.06}})
    sent = [entry(number, correlation=number) for number in range(100)]
    content = entries(100, stream=HI3)
    out = one.arrange([*sent, *content], START, 0.0)
    assert len(out) == 194 and [one for one in out if one.stream == HI3] == content
    assert one.held_back == 6
    assert one.due(START + 8_999_999, 1e9) == []
    late = one.due(START + 9_000_000, 0.0)
    assert late == [one for one in sent if one not in out] and len(late) == 6
    call_data = [entry(number, correlation=number, stream=2) for number in range(100)]
    assert len(one.arrange(call_data, START, 0.0)) == 94, "of a US dialect too"


# --- sent again ---------------------------------------------------------------------------------------------------


def test_the_last_records_of_a_liid_are_sent_again_octet_for_octet() -> None:
    one, sent = faults(resend_window=10), entries(30)
    assert one.arrange([*sent, entry(99, liid="LAB-2")], START, 0.0) == [*sent, entry(99, liid="LAB-2")]
    assert one.resend(ResendModel(liid="LAB-1", records=3, times=2)) == sent[-3:] * 2
    assert one.resend(ResendModel(liid="LAB-1", records=1_000)) == sent[-10:]
    with pytest.raises(RefusedError, match="LAB-3"):
        one.resend(ResendModel(liid="LAB-3"))
    one.change({"resend_window": 0})
    with pytest.raises(RefusedError):
        one.resend(ResendModel(liid="LAB-1"))


def test_what_is_kept_for_sending_again_is_bounded() -> None:
    one = faults(resend_window=100_000)
    large = Entry(HI3, "LAB-1", bytes(RESEND_OCTETS // 4), ("x", 1, {}))
    one.arrange([large] * 50, START, 0.0)
    assert len(one.resend(ResendModel(liid="LAB-1", records=100))) <= 4


def test_a_conflict_has_the_same_header_and_another_digit() -> None:
    header = PsHeader(liid=b"LAB-1", operator_id=b"OP", cin=3, sequence_number=9, time_us=START)
    contents = ("iPCC", {"iPCCObjId": "5.3.20.2", "iPCCContents": ("iPPackets", b"sip:+12125550100@ims.invalid")})
    octets = cc_pdu(header, contents, "toTarget")
    one = faults(resend_window=5)
    one.arrange([Entry(HI3, "LAB-1", octets, ("x", 1, {}))], START, 0.0)
    (other,) = one.conflict(ConflictModel(liid="LAB-1"))
    assert other.octets != octets and len(other.octets) == len(octets)
    assert decode_ps_pdu(other.octets).header == decode_ps_pdu(octets).header
    assert b"12125550101@" in other.octets


@pytest.mark.parametrize("octets", [b"no number here", b"55501", b"5550", b"x"])
def test_a_conflict_differs_though_there_is_no_number(octets: bytes) -> None:
    assert other_digit(octets) != octets and len(other_digit(octets)) == len(octets)
    assert other_digit(b"12125550199") == b"12125550190"
