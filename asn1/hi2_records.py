"""The records inside eTSI671IRI, uMTSIRI and ePSIRI: parameters by themselves, one begin to report record, or several.

The three wrap the same thing in the same way (TS 101 671, TS 33.108); this is the one place that unwraps it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from asn1.table import Value

NAMES: Final = frozenset({"eTSI671IRI", "uMTSIRI", "ePSIRI"})
_KINDS: Final = {
    "iRI-Begin-record": "begin",
    "iRI-End-record": "end",
    "iRI-Continue-record": "continue",
    "iRI-Report-record": "report",
}


class Hi2Record(NamedTuple):
    """`kind` is begin, end, continue or report; None where the parameters stand by themselves."""

    kind: str | None
    parameters: dict[str, Value]


def hi2_records(contents: tuple[str, Value]) -> tuple[Hi2Record, ...] | None:
    """The records of a decoded ETSI671IRI, UMTSIRI or EPSIRI in their order; None where one is of an unknown kind."""
    name, held = contents
    if name.startswith("["):
        return None
    if name in _KINDS:
        return (Hi2Record(_KINDS[name], held),)
    if isinstance(held, dict):
        return (Hi2Record(None, held),)
    found: list[Hi2Record] = []
    for inner in held if isinstance(held, list) else [held]:
        records = hi2_records(inner)
        if records is None:
            return None
        found += records
    return tuple(found)


def short_message(record: Hi2Record) -> tuple[bytes, bool] | None:
    """(octets, whether the target sent it) of the record's short message in TPDU form; None where it has none."""
    held = record.parameters.get("sMS", {}).get("sMS-Contents", {})
    octets = held.get("content")
    if octets is None:
        return None
    return octets, held.get("initiator", held.get("sms-initiator")) == "target"
