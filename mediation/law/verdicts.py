"""What a gate may answer, and why: verdict kinds and reason codes, with their numbers on disk.

The numbers are part of the segment format (an envelope carries the verdict and a bit mask of reasons): add at the end,
never renumber. Names of reasons come from the rules list, section 0.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class VerdictKind(IntEnum):
    """ACCEPT and ACCEPT_FLAGGED store the received octets, MASK the permitted fields, QUARANTINE a sealed box,
    REJECT and DUPLICATE store nothing but a note in the commit frame."""

    REJECT = 0
    ACCEPT = 1
    ACCEPT_FLAGGED = 2
    MASK = 3
    QUARANTINE = 4
    DUPLICATE = 5


class Reason(IntEnum):
    """Value = bit position in the reason mask of an envelope (64 bits)."""

    OK = 0
    PARSE_ERROR = 1
    TAMPERED = 2
    DUPLICATE = 3
    CASE_UNKNOWN = 4
    NO_ORDER = 5
    ORDER_NOT_STARTED = 6
    ORDER_EXPIRED = 7
    ORDER_REVOKED = 8
    ORDER_LAPSED = 9
    EXIGENT_WINDOW_CLOSED = 10
    TARGET_MISMATCH = 11
    DIRECTION_NOT_AUTHORISED = 12
    SCOPE_CONTENT_ON_PRTT = 13
    SCOPE_PCTDD = 14
    SCOPE_LOCATION = 15
    SCOPE_TYPE_NOT_AUTHORISED = 16
    MINIMISED = 17
    PRIVILEGED_HOLD = 18
    LATE_DELIVERY = 19
    OUT_OF_ORDER = 20
    GAP_DETECTED = 21
    CLOCK_SKEW = 22
    CII_LATE = 23
    DOC_MISSING = 24
    ACCESS_DENIED_ROLE = 25
    ACCESS_DENIED_FACILITY = 26
    ACCESS_DENIED_DEVICE = 27
    ACCESS_EXPIRED = 28
    NOT_TRAINED = 29
    NEED_TO_KNOW_MISSING = 30
    PURPOSE_FORBIDDEN = 31
    SEAL_MISSING = 32
    FIFO_EVICTED = 33
    FIFO_UNSAFE = 34
    DEVICE_FULL = 35
    NO_EVENT_TIME = 36
    GEOGRAPHIC_LIMIT = 37
    VOIDED = 38


class Verdict(NamedTuple):
    """One gate's answer for one record. `reasons[0]` decided; the others are everything else that failed, in the
    order of the checks. `rules` names the rule of each reason ("R-002"), same order."""

    kind: VerdictKind
    reasons: tuple[Reason, ...] = (Reason.OK,)
    rules: tuple[str, ...] = ()


def reason_mask(reasons: tuple[Reason, ...]) -> int:
    """The reasons as the 64-bit mask of an envelope; OK alone is 1."""
    mask = 0
    for reason in reasons:
        mask |= 1 << reason
    return mask


def reasons_of(mask: int) -> tuple[Reason, ...]:
    """The reasons of a mask, lowest bit first. Unknown bits are left out: a newer writer may know more."""
    return tuple(reason for reason in Reason if mask >> reason & 1)
