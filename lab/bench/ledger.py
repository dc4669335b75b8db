"""The zero-loss ledger at the end of every run: whether each record sent is accounted for. Pure.

    sent = received = accepted + flagged + masked + quarantined + rejected + duplicate
    stored = signed = accepted + flagged + masked + quarantined
    acknowledged = sent, where the dialect has acknowledgements

`sent` is what the generator handed to its sockets, `acknowledged` what it was told is durable, `received` and the
verdicts what the collector counts, `stored` the rows found in the segments after its end, `signed` the leaves under its
last checkpoint. Leaves that the store makes for itself (notices, standings, synthetic rows) are in neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

VERDICTS: Final = ("accepted", "flagged", "masked", "quarantined", "rejected", "duplicate")
KEPT: Final = VERDICTS[:4]


@dataclass(frozen=True, slots=True)
class Counted:
    """What the collector counts: records delivered, and each verdict."""

    received: int = 0
    accepted: int = 0
    flagged: int = 0
    masked: int = 0
    quarantined: int = 0
    rejected: int = 0
    duplicate: int = 0

    @classmethod
    def of_sums(cls, records: Mapping[str, Any]) -> Counted:
        """Of the `records` of a `/sums`."""
        return cls(int(records["delivered"]), **{name: int(records[name]) for name in VERDICTS})

    def since(self, before: Counted) -> Counted:
        return Counted(**{name: value - getattr(before, name) for name, value in asdict(self).items()})

    @property
    def judged(self) -> int:
        return sum(getattr(self, name) for name in VERDICTS)

    @property
    def kept(self) -> int:
        return sum(getattr(self, name) for name in KEPT)


@dataclass(frozen=True, slots=True)
class Ledger:
    sent: int
    acknowledged: int | None
    counted: Counted
    stored: int
    signed: int

    @property
    def lost(self) -> int:
        """Sent and without a verdict."""
        return self.sent - self.counted.judged

    def faults(self) -> list[str]:
        """What does not balance, a sentence each."""
        counted = self.counted
        pairs = (
            ("sent", self.sent, "received", counted.received),
            ("received", counted.received, "verdicts", counted.judged),
            ("sent", self.sent, "acknowledged", self.sent if self.acknowledged is None else self.acknowledged),
            ("accepted, flagged, masked and quarantined", counted.kept, "stored", self.stored),
            ("stored", self.stored, "signed", self.signed),
        )
        return [f"{left}: {a}, {right}: {b}" for left, a, right, b in pairs if a != b]

    def as_dict(self) -> dict[str, Any]:
        faults = self.faults()
        return {
            "sent": self.sent,
            **asdict(self.counted),
            "stored": self.stored,
            "signed": self.signed,
            "acknowledged": self.acknowledged,
            "lost": self.lost,
            "balanced": not faults,
            "faults": faults,
        }
