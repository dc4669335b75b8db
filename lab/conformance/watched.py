"""What a LEMF that watches knows of a mediation function, and how a case over it is made. Pure.

The runner has played phases before (`mf_play`), in each of which our LEMF is another one. A case is judged over what
was seen in its phase; a phase that was not played makes its cases inconclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from asn1.laes.ccc import CccDatagram
from asn1.ps_pdu import liid_text
from lab.conformance.model import ETSI, US, Case, Evidence, Finding, Known, Verdict, failed, passed, unclear
from lab.conformance.observer import Joined, Observer
from lab.conformance.seen import ENDS, Seen

PART1: Final = "TS 102 232-1"
NORMAL: Final = "normal"
DECLINED: Final = "declined"
WITHHELD: Final = "withheld"
AWAY: Final = "away"
HOSTILE: Final = "hostile"
WRONG: Final = "wrong certificate"
PHASES: Final = (NORMAL, DECLINED, WITHHELD, AWAY, HOSTILE, WRONG)
_SHORT: Final = "4"
"""Content behind a CCC header of so many octets has no time."""


@dataclass(slots=True)
class Mf:
    """What was seen, and what is known of it beforehand. `targets`: numbers by LIID, empty for what is no number;
    `metadata_only`: LIIDs of pen registers; `strangers`: numbers that no order is for. `late_s`: how late a record may
    come behind its event (R-097: 8 s); `skew_s`: how wrong its stamp may be; `keepalive_s`: how long a link may be idle
    without a keep-alive. `scope`: over what numbers are counted."""

    observer: Observer
    played: set[str] = field(default_factory=set)
    targets: dict[bytes, str] = field(default_factory=dict)
    metadata_only: frozenset[bytes] = frozenset()
    strangers: tuple[str, ...] = ()
    tls: bool = False
    made: int = 0
    """How many communications are made in each phase, at least, and end before our eyes; 0 where nobody knows."""
    scope: Literal["communication", "liid"] = "communication"
    late_s: float = 8.0
    skew_s: float = 5.0
    keepalive_s: float = 300.0

    def data(self, phase: str = NORMAL) -> list[Seen]:
        return [one for one in self.observer.of(phase) if one.kind]

    def joined(self, phase: str) -> list[Joined]:
        return [one for one in self.observer.joined if one.phase == phase]

    def told(self, phase: str = NORMAL) -> list[Seen]:
        """IRI, or call data, each as it came first; what is sent again has happened before."""
        before = {one.octets for one in self.observer.seen if one.kind and self._earlier(one.phase, phase)}
        found: dict[bytes, Seen] = {}
        for one in self.data(phase):
            if one.kind == "iri" and one.octets not in before:
                found.setdefault(one.octets, one)
        return list(found.values())

    def ended(self, phase: str) -> int:
        """How many communications were over in that phase; of the US dialects."""
        return sum(one.name in ENDS for one in self.told(phase))

    def communications(self) -> dict[tuple[bytes, str], list[Seen]]:
        """The IRI, or the call data, of each."""
        found: dict[tuple[bytes, str], list[Seen]] = {}
        for one in self.data():
            if one.kind == "iri" and one.call:
                found.setdefault((one.liid, one.call), []).append(one)
        return found

    def owes_time(self, one: Seen) -> bool:
        """Whether a record of its kind has room for a time."""
        return not (isinstance(one.content, CccDatagram) and self.observer.form == _SHORT)

    @staticmethod
    def _earlier(one: str, phase: str) -> bool:
        return PHASES.index(one) < PHASES.index(phase)


Judge = Callable[[Mf], Finding]


@dataclass(frozen=True, slots=True)
class InPhase:
    """A case's check: its judgement, where that phase was played."""

    phase: str
    judge: Judge

    async def __call__(self, mf: Mf) -> Finding:
        if self.phase not in mf.played:
            return unclear(f"the phase `{self.phase}` was not played")
        found = self.judge(mf)
        if not mf.observer.left_out or found.verdict not in (Verdict.PASS, Verdict.FAIL):
            return found
        more = f"{found.says}; {mf.observer.left_out} records more came that there was no room for"
        # Nobody has looked at those; what is wrong with the others stays wrong.
        return unclear(more) if found.verdict is Verdict.PASS else failed(more)


def phase_of(case: Case[Mf]) -> str:
    """In which phase a case's records were sent."""
    return case.check.phase if isinstance(case.check, InPhase) else NORMAL


def case(
    name: str, title: str, clause: str, evidence: Evidence, judge: Judge, fault: str = "", phase: str = NORMAL,
    dialects: tuple[str, ...] = ETSI, elsewhere: Mapping[str, Known] | None = None,
) -> Case[Mf]:  # fmt: skip
    return Case(f"MF-{name}", title, clause, evidence, InPhase(phase, judge), dialects, fault, elsewhere or {})


def in_us(clause: str, evidence: Evidence = "A", **by_dialect: Known) -> dict[str, Known]:
    """Where a case of every dialect stands in the US dialects; `by_dialect` where one of them is another."""
    return dict.fromkeys(US, Known(clause, evidence)) | by_dialect


def finding(wrong: Iterable[str], many: str, none: str = "") -> Finding:
    """Failed with the first few of what is wrong; unclear with `none` where nothing was there to be judged."""
    listed = list(wrong)
    if listed:
        return failed("; ".join(listed[:3]) + (f"; and {len(listed) - 3} more" if len(listed) > 3 else ""))
    return passed(many) if many else unclear(none)


def at(one: Seen) -> str:
    """Which record, for a person."""
    where = f"{one.link}, connection {one.connection}"
    if one.said is not None:
        what = one.name or "content"
        return " ".join(part for part in (liid_text(one.liid), one.call, what, f"on {where}") if part)
    if one.pdu is None:
        return where
    return f"{liid_text(one.liid)} CIN {one.pdu.header.cin} {one.kind or one.tri} {one.number} on {where}"
