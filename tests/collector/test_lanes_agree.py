"""Whatever the bulk lane accepts, the gate accepts: the columns are never more generous than the careful look.

Records are made by a hostile generator: plain ones, ones with a departure, and any of them with octets changed.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asn1 import ip, multimedia, ps_pdu
from asn1.errors import DecodeError
from asn1.ps_pdu import decode_ps_pdu
from collector.facts import facts_of
from collector.gate import LinkPolicy, bulk_terms, decide
from collector.gate_scope import CinState
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Exigency,
    Liid,
    OrderId,
    OrderKind,
    OrderState,
    Service,
    Target,
    TargetKind,
    Window,
)
from mediation.law.verdicts import VerdictKind

START_US = 1_750_000_000_000_000
END_US = START_US + 3_600_000_000
NOW_US = START_US + 60_000_000
POLICY = LinkPolicy()
TARGET_STATES = st.sampled_from([0, 1, 1, 1, 2])
TIMES = st.sampled_from(
    [
        None, NOW_US, NOW_US, NOW_US - 1, START_US, START_US - 1, START_US + POLICY.skew_us, END_US - 1, END_US,
        START_US + POLICY.skew_us + 1, NOW_US + POLICY.skew_us, NOW_US + POLICY.skew_us + 1, NOW_US - POLICY.late_us,
        NOW_US - POLICY.late_us - 1, NOW_US + POLICY.skew_hard_us + 1,
    ]
)  # fmt: skip
HOUR_US = 3_600_000_000
AROUND = st.sampled_from([START_US, NOW_US - 1, NOW_US, NOW_US + 1, NOW_US + POLICY.skew_us, END_US])
USES = st.none() | st.builds(
    Exigency,
    AROUND.flatmap(lambda at: st.sampled_from([at, at - 24 * HOUR_US, at - 48 * HOUR_US])),
    st.none() | AROUND | st.just(START_US - HOUR_US),
    *[st.none() | AROUND] * 3,
)
"""Emergencies that end, lapse or were approved somewhere near the record."""
FIELDS = st.fixed_dictionaries(
    {
        "time_us": TIMES,
        "qualifier": st.sampled_from([None, "unknown", "timeOfInterception", "timeOfMediation", "timeOfAggregation"]),
        "what": st.sampled_from(["voice", "voice", "data", "signalling"]),
        "payloads": st.sampled_from([1, 1, 1, 2]),
    }
)


def record(time_us: int | None = NOW_US, qualifier: str | None = None, what: str = "voice", payloads: int = 1) -> bytes:
    header = ps_pdu.PsHeader(
        liid=b"LAB-0001", authorization_country="US", operator_id=b"LABOP", cin=1, sequence_number=0, time_us=time_us,
        time_qualifier=qualifier,
    )  # fmt: skip
    if what == "signalling":
        text = b"INVITE sip:+12125550101@ims.invalid SIP/2.0\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n"
        return ps_pdu.iri_pdu(header, multimedia.sip_iri(bytes(4), bytes(4), text), "begin")
    contents = multimedia.ipmmcc(b"rtp") if what == "voice" else ip.ipcc(b"packet")
    one = {"payloadDirection": "fromTarget", "cCContents": contents}
    return ps_pdu.encode_ps_pdu(header, ("cCPayloadSequence", [one] * payloads))


def order(
    kind: OrderKind, services: frozenset[Service], state: OrderState, revoked_at_us: int | None,
    exigent: Exigency | None = None,
) -> CourtOrder:  # fmt: skip
    return CourtOrder(
        OrderId("O-1"), 1, kind, CaseId("C"), Liid("LAB-0001"), "LEA", Window(START_US, END_US),
        (Target(TargetKind.E164, "12125550101"),), services, state=state, revoked_at_us=revoked_at_us,
        exigent=exigent if kind.exigent else None,
    )  # fmt: skip


@pytest.fixture
def lanes(kernels: SimpleNamespace) -> Any:
    def both(stream: bytes, one: CourtOrder, target: int) -> tuple[bool, VerdictKind | None]:
        """Whether the record went BULK, and what the gate says of it (None: it cannot be decoded)."""
        liids = kernels.columns.LiidTable()
        liids.intern(b"LAB-0001")
        streams = kernels.stream_table.StreamTable()
        streams.set_target_state(streams.slot_of(0, 1, 1, create=True), target)
        columns = kernels.gate_columns.OrderColumns()
        terms = bulk_terms(one)
        if terms is not None:
            columns.set(0, True, *terms, 0)
        cols = kernels.columns.Columns(4)
        kernels.scan.scan(stream, 0, len(stream), cols, liids, 1 << 20)
        verify = kernels.stream_table.VerifyColumns(4)
        kernels.stream_table.verify_columns(cols, streams, verify)
        lane = kernels.gate_columns.Lane(4)
        limits = kernels.gate_columns.GateLimits(late_us=POLICY.late_us, skew_us=POLICY.skew_us)
        bulk = kernels.gate_columns.gate_columns(cols, verify, columns, streams, NOW_US, limits, lane)
        if not cols.n or not bulk:
            return False, None
        row = list(lane.rows).index(1)
        octets = stream[cols.offset[row] : cols.offset[row] + cols.length[row]]
        try:
            facts = facts_of(decode_ps_pdu(octets), NOW_US)
        except DecodeError:
            return True, None
        return True, decide((one,), facts, POLICY, CinState(target)).verdict.kind

    return both


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=FIELDS,
    target=TARGET_STATES,
    kind=st.sampled_from([OrderKind.EAVESDROPPING] * 4 + list(OrderKind)),
    services=st.sampled_from([frozenset({Service.VOICE}), frozenset({Service.DATA}), frozenset(Service)]),
    state=st.sampled_from([OrderState.ISSUED] * 4 + list(OrderState)),
    revoked_at_us=st.sampled_from([None, None, NOW_US, NOW_US + 10_000_000]),
    use=USES,
)
def test_what_the_bulk_lane_accepts_the_gate_accepts(
    lanes: Any, fields: dict[str, Any], target: int, kind: OrderKind, services: frozenset[Service],
    state: OrderState, revoked_at_us: int | None, use: Exigency | None,
) -> None:  # fmt: skip
    bulk, verdict = lanes(record(**fields), order(kind, services, state, revoked_at_us, use), target)
    assert not bulk or verdict is VerdictKind.ACCEPT


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, 400), st.integers(1, 255)), min_size=1, max_size=3))
def test_attack_octets_changed_anywhere_pass_the_bulk_lane_only_where_the_gate_accepts(
    lanes: Any, changes: list[tuple[int, int]]
) -> None:
    octets = bytearray(record())
    for at, mask in changes:
        octets[at % len(octets)] ^= mask
    one = order(OrderKind.EAVESDROPPING, frozenset(Service), OrderState.ISSUED, None)
    bulk, verdict = lanes(bytes(octets), one, 1)
    # The bulk lane does not look at the tags beside the content octets (an object id, a frame type). Where those alone
    # are broken the record is still content of this order at this time: kept as received (docs/adr/0007-two-lanes.md).
    assert not bulk or verdict in (VerdictKind.ACCEPT, None)


def test_a_plain_record_goes_bulk_and_is_accepted(lanes: Any) -> None:
    one = order(OrderKind.EAVESDROPPING, frozenset({Service.VOICE}), OrderState.ISSUED, None)
    assert lanes(record(), one, 1) == (True, VerdictKind.ACCEPT)
