"""Faults that only the carrier or the mediation function can make, in the words of their own control ports. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lab.faults.model import FaultRequest


def bodies(standing: Iterable[FaultRequest]) -> dict[str, dict[str, Any]]:
    """`POST /fault` of each, so that exactly these are on; what else was set under the same names is replaced."""
    offsets: dict[str, int] = {}
    over: list[str] = []
    numbers: dict[str, str] = {}
    for one in standing:
        if one.kind == "clock_skew":
            offsets[one.point] = one.milliseconds * 1000
        elif one.kind == "over_delivery":
            over.append(one.liid)
        elif one.kind == "wrong_number":
            numbers[one.liid] = one.number
    return {
        "carrier_sim": {"clock_offset_us": offsets},
        # The element has to be asked for the content too, or there is none to hand over.
        "mediation": {"overdeliver_content": over, "content_tasks": over, "wrong_number": numbers},
    }
