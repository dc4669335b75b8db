"""Cases of a mediation function that hold in every dialect: connection, octets, order, target, times, TLS. Pure.

The clause is that of TS 102 232-1; in the US dialects nobody here has read one, and each case says how it is known.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from asn1.ps_pdu import liid_text
from lab.conformance.channels import Channels
from lab.conformance.model import ETSI, US, Case, Evidence, Finding, Known, does_not_apply, failed, passed, unclear
from lab.conformance.seen import Seen
from lab.conformance.watched import HOSTILE, NORMAL, PART1, WRONG, Judge, Mf, at, case, finding, in_us

FLOOD: Final = 10
"""A record that comes more often is no resend any more."""
MODULES: Final = {
    "t1678": Known("module of ATIS-1000678 v2", "I"),
    "pcesp": Known("module of PCESP v4", "S"),
    "ias": Known("module of ATIS-1000013 (2007)", "I"),
}
"""How the form of a message is known in each US dialect: PCESP's is published, the others were read compiled."""


def owners(mf: Mf) -> list[tuple[Seen, bytes]]:
    """The data of normal work, each with the LIID it is of; content behind a CCC header has its channel's."""
    channels = Channels.of(mf.told())
    return [(one, channels.liid_of(one)) for one in mf.data()]


def count(mf: Mf) -> str:
    """How much was judged."""
    found = mf.data()
    content = sum(one.kind == "cc" for one in found)
    return f"{len(found)} records, {content} of them content" if found else ""


def _connects(mf: Mf) -> Finding:
    first = mf.joined(NORMAL)
    if not first:
        return failed("nobody connected")
    lost = [one for one in first if one.ended and not one.by_us]
    wrong = [f"connection {one.number} on {one.link} was ended, and not by us" for one in lost]
    return finding(wrong, f"{len(first)} connections, kept throughout")


def _survives(mf: Mf) -> Finding:
    # In the US dialects what went before comes again on every new connection, and shows nothing.
    found = mf.data(HOSTILE) if mf.observer.dialect == "etsi" else mf.told(HOSTILE)
    if found:
        return passed(f"{len(found)} records came behind answers that are none")
    return failed("behind octets that are no answer nothing new came any more")


def _decodes(mf: Mf) -> Finding:
    seen = mf.observer.of(NORMAL)
    wrong = [f"{len(one.octets)} octets that are no record: {at(one)}" for one in seen if not one.decoded]
    return finding(wrong, f"{len(seen)} records" if seen else "", "nothing was sent")


def _ordered(mf: Mf) -> Finding:
    if not mf.targets:
        return does_not_apply("no LIID was named beforehand (--target)")
    wrong = sorted({liid_text(liid) for _, liid in owners(mf) if liid and liid not in mf.targets})
    return finding([f"records of {one}, which nobody ordered" for one in wrong], count(mf), "no data were sent")


def _once(mf: Mf) -> Finding:
    wrong, held = [], set[tuple[int, bytes]]()
    for one in mf.data():
        if (one.connection, one.octets) in held:
            wrong.append(f"twice on one connection: {at(one)}")
        held.add((one.connection, one.octets))
    return finding(wrong, count(mf), "no data were sent")


def _no_flood(mf: Mf) -> Finding:
    counts = Counter(one.octets for one in mf.data())
    wrong = [f"a record came {count} times" for count in counts.values() if count > FLOOD]
    return finding(wrong, count(mf), "no data were sent")


def _stamped(mf: Mf) -> Finding:
    wrong = [f"no time: {at(one)}" for one in mf.data() if one.stamp_us is None and mf.owes_time(one)]
    return finding(wrong, count(mf), "no data were sent")


def ages(mf: Mf) -> list[tuple[Seen, float]]:
    """How long before it came each record happened, seconds."""
    return [(one, (one.time_us - one.stamp_us) / 1e6) for one in mf.data() if one.stamp_us is not None]


def _clock(mf: Mf) -> Finding:
    """Who stamps ahead of us is wrong; who seems late may be late."""
    ahead = [(one, -age) for one, age in ages(mf) if age < -mf.skew_s]
    wrong = [f"{early:.3f} s ahead of our clock: {at(one)}" for one, early in ahead]
    return finding(wrong, count(mf), "no stamped data were sent")


def _metadata(mf: Mf) -> Finding:
    if not mf.metadata_only:
        return does_not_apply("no pen register was named (--metadata-only)")
    found = [one for one, liid in owners(mf) if liid in mf.metadata_only]
    wrong = [f"content under a pen register: {at(one)}" for one in found if one.kind == "cc"]
    return finding(
        wrong, f"{len(found)} records, none of them content" if found else "", "nothing came under a pen register"
    )


def _target(mf: Mf) -> Finding:
    if not any(mf.targets.values()):
        return does_not_apply("no target was named (--target)")
    wrong, seen = [], 0
    for (liid, _), told in mf.communications().items():
        number = mf.targets.get(liid)
        if not number:
            continue
        seen += 1
        if not any(_names(one.octets, number.lstrip("+")) for one in told):
            wrong.append(f"none of its IRI names the target: {at(told[0])}")
    return finding(wrong, f"{seen} communications, each with its target" if seen else "", "no IRI of a named LIID came")


def _strangers(mf: Mf) -> Finding:
    if not mf.strangers:
        return does_not_apply("nobody was named whom no order is for")
    found = [one for one in mf.data() if one.kind == "iri"]
    wrong = [f"{number}, whom no order is for: {at(one)}" for one in found for number in mf.strangers
             if _names(one.octets, number.lstrip("+"))]  # fmt: skip
    return finding(wrong, f"{len(found)} records, and nobody else in them" if found else "", "no data were sent")


def _names(octets: bytes, digits: str) -> bool:
    """As text, or in the half-octets of telephony (TS 23.040 9.1.2.3), from either nibble on."""
    padded = digits + "F" * (len(digits) % 2)
    swapped = bytes.fromhex("".join(padded[at + 1] + padded[at] for at in range(0, len(padded), 2)))
    return digits.encode() in octets or swapped in octets


def _tls(mf: Mf) -> Finding | None:
    return None if mf.tls else does_not_apply("the link is without TLS")


def _tls_version(mf: Mf) -> Finding:
    wrong = [f"connection {one.number} speaks {one.tls}" for one in mf.joined(NORMAL)
             if one.tls not in ("TLSv1.2", "TLSv1.3")]  # fmt: skip
    spoken = ", ".join(sorted({one.tls for one in mf.joined(NORMAL)}))
    return _tls(mf) or finding(wrong, spoken, "nobody connected")


def _tls_shown(mf: Mf) -> Finding:
    wrong = [f"connection {one.number} shows no certificate" for one in mf.joined(NORMAL) if not one.names]
    names = ", ".join(sorted({name for one in mf.joined(NORMAL) for name in one.names}))
    return _tls(mf) or finding(wrong, f"for {names}" if names else "", "nobody connected")


def _tls_wrong(mf: Mf) -> Finding:
    if (found := _tls(mf)) is not None:
        return found
    if mf.data(WRONG):
        return failed("it delivers to a LEMF whose certificate leads to no root that it knows")
    if not mf.observer.refused:
        return unclear("it did not connect while the certificate was wrong")
    return passed(f"{mf.observer.refused} handshakes, and not one record")


def _every(
    name: str, title: str, clause: str, evidence: Evidence, judge: Judge, us: dict[str, Known], fault: str = "",
    phase: str = NORMAL,
) -> Case[Mf]:  # fmt: skip
    clause = clause if clause.startswith("R-") else f"{PART1} {clause}"
    return case(name, title, clause, evidence, judge, fault, phase, ETSI + US, us)


_UNREAD: Final = in_us("no clause was read")
_LIKE_ETSI: Final = in_us(f"{PART1} 6.4")
"""Nothing here says what a US link asks of TLS: the same is assumed."""
CASES: Final[tuple[Case[Mf], ...]] = (
    _every("CON-1", "Connects, and keeps the connection", "6.3.2", "P", _connects, _UNREAD, "cut"),
    _every("BAD-1", "Survives answers that are none", "6.3.1", "A", _survives, in_us("no answer is defined"),
           phase=HOSTILE),
    _every("FRM-1", "Every record decodes", "module", "S", _decodes, MODULES, "corrupt"),
    _every("HDR-4", "Only LIIDs that were ordered", "5.2.2", "A", _ordered, in_us("caseId; no clause was read")),
    _every("SEQ-4", "A record comes once on a connection", "6.3.3", "A", _once, _UNREAD, "duplicate"),
    _every("FLO-1", "No record is sent over and over", "6.3.3", "A", _no_flood, _UNREAD, "flood"),
    _every("TIM-1", "Every record has a time", "5.2.6", "S", _stamped, MODULES),
    _every("TIM-3", "The clock is not ahead", "5.2.6", "A", _clock, in_us("R-098"), "clock_skew"),
    _every("SCO-1", "No content under a pen register", "R-110", "A", _metadata, {}, "over_delivery"),
    _every("TGT-1", "The target takes part in what is handed over", "R-022", "A", _target, {}, "wrong_number"),
    _every("TGT-2", "Nothing of somebody whom no order is for", "R-022", "A", _strangers, {}),
    _every("TLS-1", "Speaks TLS 1.2 or newer", "6.4", "P", _tls_version, _LIKE_ETSI),
    _every("TLS-2", "Shows a certificate", "6.4", "A", _tls_shown, _LIKE_ETSI),
    _every("TLS-3", "Refuses a LEMF whose certificate is wrong", "6.4", "P", _tls_wrong,
           _LIKE_ETSI, phase=WRONG),
)  # fmt: skip
"""`fault`: what the fault proxy, or the sender's own faults, make this case fail by."""
