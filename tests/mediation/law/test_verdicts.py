"""Numbers of verdicts and reasons are part of the segment format: pinned here, so that nobody renumbers them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mediation.law.verdicts import Reason, Verdict, VerdictKind, reason_mask, reasons_of

ON_DISK = """
OK PARSE_ERROR TAMPERED DUPLICATE CASE_UNKNOWN NO_ORDER ORDER_NOT_STARTED ORDER_EXPIRED ORDER_REVOKED
ORDER_LAPSED EXIGENT_WINDOW_CLOSED TARGET_MISMATCH DIRECTION_NOT_AUTHORISED SCOPE_CONTENT_ON_PRTT SCOPE_PCTDD
SCOPE_LOCATION SCOPE_TYPE_NOT_AUTHORISED MINIMISED PRIVILEGED_HOLD LATE_DELIVERY OUT_OF_ORDER GAP_DETECTED
CLOCK_SKEW CII_LATE DOC_MISSING ACCESS_DENIED_ROLE ACCESS_DENIED_FACILITY ACCESS_DENIED_DEVICE ACCESS_EXPIRED
NOT_TRAINED NEED_TO_KNOW_MISSING PURPOSE_FORBIDDEN SEAL_MISSING FIFO_EVICTED FIFO_UNSAFE DEVICE_FULL
NO_EVENT_TIME GEOGRAPHIC_LIMIT
"""


def test_reasons_keep_their_numbers_and_new_ones_come_at_the_end() -> None:
    names, written = [reason.name for reason in Reason], ON_DISK.split()
    assert names[: len(written)] == written and [int(reason) for reason in Reason] == list(range(len(names)))
    assert len(names) <= 63, "the mask of an envelope is read as a signed number of 64 bits by the columns"


def test_verdicts_keep_their_numbers() -> None:
    assert {kind.name: int(kind) for kind in VerdictKind} == {
        "REJECT": 0, "ACCEPT": 1, "ACCEPT_FLAGGED": 2, "MASK": 3, "QUARANTINE": 4, "DUPLICATE": 5,
    }  # fmt: skip


def test_a_verdict_gives_no_rules_and_is_in_order_unless_it_says_otherwise() -> None:
    assert Verdict(VerdictKind.ACCEPT) == (VerdictKind.ACCEPT, (Reason.OK,), ())


def test_a_mask_of_nothing_is_zero_and_of_ok_is_one() -> None:
    assert reason_mask(()) == 0 and reason_mask((Reason.OK,)) == 1 and reasons_of(0) == ()


@given(st.frozensets(st.sampled_from(Reason)))
def test_reasons_come_back_from_their_mask_lowest_first(reasons: frozenset[Reason]) -> None:
    mask = reason_mask(tuple(reasons) * 2)
    assert reasons_of(mask) == tuple(sorted(reasons)) and reason_mask(reasons_of(mask)) == mask


def test_bits_of_a_newer_writer_are_left_out() -> None:
    assert reasons_of(1 << 62 | reason_mask((Reason.CLOCK_SKEW,))) == (Reason.CLOCK_SKEW,)
