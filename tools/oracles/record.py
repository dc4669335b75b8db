"""What every other module here speaks of: a record to be judged, a verdict on it, and an oracle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from asn1.table import Type


class Record(NamedTuple):
    """One record. `layer` says what is to decode it (`ps-pdu`, `x2x3`, `sip` …), `kind` is its row of the matrix.

    `described`: the record's description, where it has one; `emitted`: by the real pieces, not a golden vector;
    `hint`: what the octets alone do not say, such as `from mobile` for a TPDU.
    """

    layer: str
    kind: str
    octets: bytes
    source: str
    described: Type | None = None
    emitted: bool = False
    hint: str = ""


class Verdict(NamedTuple):
    """`why` says what a refusing oracle found; empty when it accepted."""

    accepted: bool
    why: str = ""


ACCEPTED = Verdict(True)


def refused(why: object) -> Verdict:
    return Verdict(False, " ".join(str(why).split())[:200] or "refused without a word")


class Oracle(Protocol):
    """`judge` gives a verdict for each record it knows, by the record's index; the others it leaves out."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def checks(self) -> str:
        """One sentence: what accepting means here."""
        ...

    def judge(self, records: Sequence[Record]) -> Mapping[int, Verdict]: ...
