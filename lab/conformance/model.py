"""What a case is and what comes of it. Data.

Evidence of a clause, as everywhere in docs/standards.md: S read in a published schema, P a third party's reading of the
prose, I practice of an open implementation, A assumed by us because nobody here has read it. A case that rests on A
says so; a peer that fails it may be right.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Generic, Literal, NamedTuple, TypeVar

Role = Literal["lemf", "mf", "ne"]
ROLES: Final[tuple[Role, ...]] = ("lemf", "mf", "ne")
Evidence = Literal["S", "P", "I", "A"]
ETSI: Final = ("etsi",)
US: Final = ("t1678", "pcesp", "ias")
EVIDENCE_WORDS: Final[dict[str, str]] = {
    "S": "read in a published schema",
    "P": "third party's reading of the prose",
    "I": "practice of an open implementation",
    "A": "assumed by us",
}


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105  a verdict
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not applicable"


class Finding(NamedTuple):
    """`says`: what was seen, and for every verdict but a pass what is wrong or missing."""

    verdict: Verdict
    says: str


def passed(says: str) -> Finding:
    return Finding(Verdict.PASS, says)


def failed(says: str) -> Finding:
    return Finding(Verdict.FAIL, says)


def unclear(says: str) -> Finding:
    return Finding(Verdict.INCONCLUSIVE, says)


def does_not_apply(says: str) -> Finding:
    return Finding(Verdict.NOT_APPLICABLE, says)


W = TypeVar("W")


class Known(NamedTuple):
    """A clause, and how it is known."""

    clause: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Case(Generic[W]):
    """`fault`: the link's or the sender's fault (`lab.faults`) that this case is there to find. `elsewhere`: by
    dialect, where what has to hold stands in another clause there, or is known in another way."""

    id: str
    title: str
    clause: str
    evidence: Evidence
    check: Callable[[W], Awaitable[Finding]]
    dialects: tuple[str, ...] = ETSI
    fault: str = ""
    elsewhere: Mapping[str, Known] = field(default_factory=dict)

    def known(self, dialect: str) -> Known:
        return self.elsewhere.get(dialect) or Known(self.clause, self.evidence)


@dataclass(frozen=True, slots=True)
class Result:
    """`capture`, `decoded`: files of the exchange, relative to the report's directory; empty where nothing was said.
    `records`: the first lines of `decoded`."""

    case: Case[Any]
    finding: Finding
    seconds: float
    capture: str = ""
    decoded: str = ""
    records: tuple[dict[str, Any], ...] = ()

    @property
    def verdict(self) -> Verdict:
        return self.finding.verdict


@dataclass(frozen=True, slots=True)
class Run:
    """One role against one peer in one dialect."""

    role: Role
    peer: str
    dialect: str
    results: tuple[Result, ...]
    seconds: float
    directory: Path
    notes: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether nothing failed, and something was found out."""
        counts = self.counts()
        return not counts[Verdict.FAIL] and counts[Verdict.PASS] > 0

    def counts(self) -> dict[Verdict, int]:
        return {verdict: sum(one.verdict is verdict for one in self.results) for verdict in Verdict}

    def as_json(self) -> dict[str, Any]:
        return {
            "simulation": True,
            "role": self.role,
            "peer": self.peer,
            "dialect": self.dialect,
            "ok": self.ok,
            "seconds": round(self.seconds, 1),
            "counts": {str(verdict): count for verdict, count in self.counts().items()},
            "notes": list(self.notes),
            "cases": [
                {
                    "id": one.case.id,
                    "title": one.case.title,
                    **one.case.known(self.dialect)._asdict(),
                    "verdict": str(one.verdict),
                    "says": one.finding.says,
                    "seconds": round(one.seconds, 2),
                    "capture": one.capture,
                    "decoded": one.decoded,
                }
                for one in self.results
            ],
        }
