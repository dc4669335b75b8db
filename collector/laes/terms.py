"""What holds on one link of a US dialect, as its configuration says it."""

from __future__ import annotations

from typing import NamedTuple

from collector.facts.stored import Ccc


class LaesTerms(NamedTuple):
    """`ccc`: how content comes, None on a link of call data. `group`: whose call data announces it; a link without one
    is a group of its own. `resend_*` of call data and `hold_*` of content, octets and microseconds. `arrival_stamps`:
    what has no time of its own is judged by its arrival."""

    dialect: str
    group: str
    ccc: Ccc | None = None
    resend_octets: int = 4 << 20
    resend_us: int = 3_600_000_000
    hold_octets: int = 4 << 20
    hold_us: int = 8_000_000
    arrival_stamps: bool = False
