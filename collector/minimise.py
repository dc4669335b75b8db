"""Minimisation: monitors say that a communication has nothing to do with the warrant, and it is not taken (R-118).

Rules. Effective from the next batch on, by the collector's own clock. In live-only mode nothing more of the content is
stored: a refused record leaves its counts and a keyed digest, and of signalling that carries content the permitted
fields stay. In record-all mode all is stored and withheld from the start. A spot check lets content through again for
at most so many seconds in so many; the numbers are configuration, nobody here has read any (verified=false). `apply`
is pure and only ever takes away: what the gate refused stays refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, NamedTuple

from asn1.errors import RefusedError
from collector.facts import RecordFacts
from collector.gate import Decision
from mediation.law.rules import RULE_OF
from mediation.law.verdicts import Reason, Verdict, VerdictKind

ALL_CINS: Final = -1
"""Stands for every communication of a LIID."""
_TAKEN: Final = frozenset({VerdictKind.ACCEPT, VerdictKind.ACCEPT_FLAGGED})


class Mode(StrEnum):
    LIVE_ONLY = "live-only"
    RECORD_ALL = "record-all"


class SpotChecks(NamedTuple):
    """A check lasts at most `length_us`, and one begins at most every `every_us`."""

    length_us: int
    every_us: int


@dataclass(frozen=True, slots=True)
class Span:
    """A minimisation in force since `since_us`; `checked_us` is when its newest spot check began."""

    mode: Mode
    since_us: int
    by: str
    checked_us: int | None = None

    def open_at(self, now_us: int, checks: SpotChecks) -> bool:
        """Whether a spot check is under way."""
        return self.checked_us is not None and self.checked_us <= now_us < self.checked_us + checks.length_us


class Minimised:
    """What is minimised now, by LIID and CIN. A fold over the commands taken; `restore` does it from an audit log."""

    def __init__(self, checks: SpotChecks) -> None:
        self.checks = checks
        self._spans: dict[tuple[str, int], Span] = {}

    def start(self, liid: str, cin: int, mode: Mode, now_us: int, by: str) -> None:
        self._spans[liid, cin] = Span(mode, now_us, by)

    def stop(self, liid: str, cin: int) -> None:
        """Raises RefusedError when nothing is minimised there."""
        if self._spans.pop((liid, cin), None) is None:
            raise RefusedError(f"{_named(liid, cin)} is not minimised (R-118).")

    def spot_check(self, liid: str, cin: int, now_us: int) -> int:
        """Listen in for a moment; until when. Raises RefusedError when it is too early for the next."""
        span = self._spans.get((liid, cin))
        if span is None:
            raise RefusedError(f"{_named(liid, cin)} is not minimised: there is nothing to spot check (R-118).")
        last_us = span.since_us if span.checked_us is None else span.checked_us
        if now_us < last_us + self.checks.every_us:
            raise RefusedError(
                f"The next spot check of {_named(liid, cin)} may begin {self.checks.every_us / 1e6:g} s after the last "
                f"or after the minimisation began, not {(now_us - last_us) / 1e6:g} s (R-118)."
            )
        self._spans[liid, cin] = replace(span, checked_us=now_us)
        return now_us + self.checks.length_us

    def mode(self, liid: str, cin: int, now_us: int) -> Mode | None:
        """How a record of this communication is minimised when it arrives; None: not at all, or a spot check is on."""
        span = self._spans.get((liid, cin)) or self._spans.get((liid, ALL_CINS))
        return None if span is None or span.open_at(now_us, self.checks) else span.mode

    @property
    def any(self) -> bool:
        return bool(self._spans)

    def liids(self) -> frozenset[str]:
        """LIIDs that need the careful lane."""
        return frozenset(liid for liid, _ in self._spans)

    def state(self) -> list[dict[str, Any]]:
        """For the status page."""
        return [
            {"liid": liid, "cin": None if cin == ALL_CINS else cin, "mode": str(span.mode), "since_us": span.since_us}
            for (liid, cin), span in sorted(self._spans.items())
        ]

    def restore(self, entries: Iterable[dict[str, Any]]) -> None:
        """From the audit log's `minimise` entries, oldest first."""
        for entry in entries:
            fields = entry["fields"]
            if entry["kind"] != "minimise" or fields.get("afterwards"):
                continue
            liid, cin = fields["liid"], ALL_CINS if fields["cin"] is None else fields["cin"]
            if fields.get("spot_check"):
                span = self._spans.get((liid, cin))
                if span is not None:
                    self._spans[liid, cin] = replace(span, checked_us=fields["at_us"])
            elif fields["on"]:
                self.start(liid, cin, Mode(fields["mode"]), fields["at_us"], fields["by"])
            else:
                self._spans.pop((liid, cin), None)


def apply(decision: Decision, facts: RecordFacts, mode: Mode | None) -> Decision:
    """The decision on a record of a minimised communication."""
    verdict = decision.verdict
    if mode is None or verdict.kind not in (*_TAKEN, VerdictKind.QUARANTINE):
        return decision
    holds_content = facts.kind == "cc" or bool(facts.content) or verdict.kind is VerdictKind.QUARANTINE
    if not holds_content:
        return decision
    if mode is Mode.RECORD_ALL:
        # A sealed box is withheld already.
        kind = VerdictKind.ACCEPT_FLAGGED if verdict.kind in _TAKEN else verdict.kind
    elif facts.kind == "iri" and verdict.kind in _TAKEN:
        kind = VerdictKind.MASK
    else:
        kind = VerdictKind.REJECT
    reasons = (Reason.MINIMISED, *(one for one in verdict.reasons if one not in (Reason.OK, Reason.MINIMISED)))
    rules = tuple(RULE_OF[one] for one in reasons if one in RULE_OF)
    return decision._replace(verdict=Verdict(kind, reasons, rules))


def _named(liid: str, cin: int) -> str:
    return f"LIID {liid}" if cin == ALL_CINS else f"LIID {liid}, CIN {cin}"
