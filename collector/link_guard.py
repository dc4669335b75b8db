"""A link on which the carrier delivers somebody else is read no further until a supervisor says so (R-022).

Rules. Off unless configured. So many records in a row judged TARGET_MISMATCH pause the link: its connections are not
read, so that the carrier keeps what it has and nothing is lost. A record with another verdict begins the count anew; a
record that is not judged (a keep-alive, a repeat) does not. A restart does not end a pause. Resuming takes a name and a
note, and is good for the same trouble: no further pause before a record of the right target has come. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from asn1.errors import RefusedError
from mediation.law.verdicts import Reason, Verdict, VerdictKind

MISMATCHES: Final = 3
"""In a row, where the configuration turns the guard on and says no number (SC-08)."""
MIN_NOTE: Final = 3
"""Letters of a note that could say anything at all."""


@dataclass(slots=True)
class LinkGuard:
    """`mismatches` 0: off. `tripped` is set when the pause begins, and taken by who tells it. `known`: a supervisor has
    seen the trouble that goes on."""

    mismatches: int = 0
    in_a_row: int = 0
    paused: bool = False
    tripped: bool = False
    known: bool = False

    def judged(self, verdict: Verdict) -> None:
        """One judged record."""
        if not self.mismatches or verdict.kind is VerdictKind.DUPLICATE:
            return
        if Reason.TARGET_MISMATCH not in verdict.reasons:
            self.accepted()
            return
        self.in_a_row += 0 if self.known else 1
        if self.in_a_row >= self.mismatches and not self.paused:
            self.paused = self.tripped = True

    def accepted(self) -> None:
        """A record that has its target: one that the bulk lane took, or another verdict."""
        self.in_a_row, self.known = 0, False

    def resume(self, by: str, note: str) -> dict[str, Any]:
        """Read on; what goes on record. Raises RefusedError without a name or a note, or when it is not paused."""
        if not self.paused:
            raise RefusedError("The link is not paused.")
        if not by.strip() or len(note.strip()) < MIN_NOTE:
            raise RefusedError(
                "A paused link goes on with a supervisor's name and note only (R-022): give by and note."
            )
        self.paused, self.known = False, True
        self.in_a_row = 0
        return {"by": by.strip(), "note": note.strip(), "rules": ["R-022"]}


def paused_links(entries: Iterable[dict[str, Any]]) -> set[str]:
    """The links that an audit log leaves paused."""
    paused: set[str] = set()
    for entry in entries:
        if entry["kind"] == "link_paused":
            paused.add(entry["fields"]["link"])
        elif entry["kind"] == "link_resumed":
            paused.discard(entry["fields"]["link"])
    return paused
