"""Cases of a mediation function: what it sent us as a LEMF (TS 102 232-1), held against each clause. Pure judgement.

The runner has played the phases before (`mf_play`): normal work, a LEMF that declines options, one that answers
nothing, one that is hostile, one whose certificate is wrong. A phase that was not played makes its cases inconclusive.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from asn1.errors import DecodeError
from asn1.integrity import HASHES, digested
from asn1.ps_pdu import PS_DOMAIN_OID, event_time, liid_text
from lab.conformance.model import Case, Evidence, Finding, does_not_apply, failed, passed, unclear
from lab.conformance.observer import Joined, Observer, Seen

PART1: Final = "TS 102 232-1"
NORMAL: Final = "normal"
DECLINED: Final = "declined"
WITHHELD: Final = "withheld"
HOSTILE: Final = "hostile"
WRONG: Final = "wrong certificate"
PHASES: Final = (NORMAL, DECLINED, WITHHELD, HOSTILE, WRONG)
JUMP: Final = 64
"""A step in the numbers from here on is a jump; below it records are missing."""
FLOOD: Final = 10
"""A record that comes more often is no resend any more."""
_ROOT: Final = PS_DOMAIN_OID.rpartition(".")[0] + "."
_OURS: Final = frozenset({"keep-aliveResponse", "optionResponse", "pDUAcknowledgementResponse"})
"""TRIs that a LEMF sends."""


@dataclass(slots=True)
class Mf:
    """What was seen, and what is known of it beforehand. `targets`: numbers by LIID; `metadata_only`: LIIDs of pen
    registers. `late_s`: how late a record may come behind its event (R-097: 8 s); `skew_s`: how wrong its stamp may
    be; `keepalive_s`: how long a link may be idle without a keep-alive. `scope`: over what numbers are counted."""

    observer: Observer
    played: set[str] = field(default_factory=set)
    targets: dict[bytes, str] = field(default_factory=dict)
    metadata_only: frozenset[bytes] = frozenset()
    tls: bool = False
    scope: Literal["communication", "liid"] = "communication"
    late_s: float = 8.0
    skew_s: float = 5.0
    keepalive_s: float = 300.0
    notes: dict[str, str] = field(default_factory=dict)
    """What a phase came to, where that is no record."""

    def data(self, phase: str = NORMAL) -> list[Seen]:
        return [one for one in self.observer.of(phase) if one.kind]

    def joined(self, phase: str) -> list[Joined]:
        return [one for one in self.observer.joined if one.phase == phase]

    def streams(self) -> dict[tuple[bytes, int, str], list[Seen]]:
        found: dict[tuple[bytes, int, str], list[Seen]] = {}
        for one in self.data():
            liid, cin, kind = one.stream
            found.setdefault((liid, cin, kind) if self.scope == "communication" else (liid, -1, ""), []).append(one)
        return found


Judge = Callable[[Mf], Finding]


def _on(phase: str, judge: Judge) -> Callable[[Mf], Awaitable[Finding]]:
    """Judged where that phase was played."""

    async def check(mf: Mf) -> Finding:
        if phase not in mf.played:
            return unclear(f"the phase `{phase}` was not played")
        return judge(mf)

    return check


def _all(wrong: Iterable[str], many: str, none: str = "") -> Finding:
    """Failed with the first few of what is wrong."""
    listed = list(wrong)
    if listed:
        return failed("; ".join(listed[:3]) + (f"; and {len(listed) - 3} more" if len(listed) > 3 else ""))
    return passed(many) if many else unclear(none)


def _at(one: Seen) -> str:
    where = f"{one.link}, connection {one.connection}"
    if one.pdu is None:
        return where
    return f"{liid_text(one.liid)} CIN {one.pdu.header.cin} {one.kind or one.tri} {one.number} on {where}"


# ---- connection, options, keep-alive


def _connects(mf: Mf) -> Finding:
    first = mf.joined(NORMAL)
    if not first:
        return failed("nobody connected")
    lost = [one for one in first if one.ended and not one.by_us]
    wrong = [f"connection {one.number} on {one.link} ended though everything on it was answered" for one in lost]
    return _all(wrong, f"{len(first)} connections, kept throughout")


def _option_first(mf: Mf) -> Finding:
    asked = [one for one in mf.observer.of(NORMAL) if one.tri == "optionRequest"]
    if not asked:
        return does_not_apply("it asks for no option; negotiation is due only where it is required (6.3.5)")
    wrong = []
    for one in asked:
        mine = [other for other in mf.observer.of(NORMAL) if other.connection == one.connection]
        assert one.pdu is not None, "a TRI was decoded"
        options = [name for name, _ in one.pdu.payload[1][1]["requestedOptions"]]
        if not options:
            wrong.append(f"an optionRequest without options: {_at(one)}")
        if mine[0] is not one:
            wrong.append(f"records went before the optionRequest: {_at(one)}")
        if not any(other.tri == "optionComplete" for other in mine):
            wrong.append(f"no optionComplete behind our answer: {_at(one)}")
    return _all(wrong, f"{len(asked)} negotiations: asked first, completed")


def _acknowledgement(mf: Mf) -> Finding:
    asked = [one for one in mf.observer.of(NORMAL) if one.tri == "pDUAcknowledgementRequest"]
    if not any(one.tri == "optionComplete" for one in mf.observer.of(NORMAL)):
        return does_not_apply("acknowledgement was not agreed on")
    if not asked:
        return failed("acknowledgement was agreed on and never asked for")
    return _all(_falling(asked), f"{len(asked)} requests, each with a number of its own")


def _falling(tris: list[Seen]) -> list[str]:
    wrong, last = [], dict[int, int]()
    for one in tris:
        if one.number <= last.get(one.connection, -1):
            wrong.append(f"number {one.number} again: {_at(one)}")
        last[one.connection] = one.number
    return wrong


def _keepalive(mf: Mf) -> Finding:
    asked = [one for one in mf.observer.of(NORMAL) if one.tri == "keep-alive"]
    links = {one.link for one in mf.joined(NORMAL)}
    if not links:
        return failed("nobody connected")
    idle = sorted(links - {one.link for one in asked})
    return _all([f"no keep-alive within {mf.keepalive_s:g} s on {one}" for one in idle], f"{len(asked)} keep-alives")


def _keepalive_numbers(mf: Mf) -> Finding:
    asked = [one for one in mf.observer.of(NORMAL) if one.tri == "keep-alive"]
    return _all(_falling(asked), f"{len(asked)} keep-alives" if asked else "", "no keep-alive was seen")


def _declines(mf: Mf) -> Finding:
    seen = mf.observer.of(DECLINED)
    if not any(one.tri == "optionRequest" for one in seen):
        return does_not_apply("it asks for no option")
    asked = [_at(one) for one in seen if one.tri == "pDUAcknowledgementRequest"]
    return _all([f"it asks to acknowledge though we declined: {one}" for one in asked],
                f"{len(mf.data(DECLINED))} records without acknowledgement" if mf.data(DECLINED) else "",
                "no records came in that phase")  # fmt: skip


def _gives_up(mf: Mf) -> Finding:
    lost = [one for one in mf.joined(WITHHELD) if one.ended and not one.by_us]
    if not any(one.tri in ("keep-alive", "pDUAcknowledgementRequest") for one in mf.observer.of(WITHHELD)):
        return does_not_apply("it asks for nothing, so that nothing can go unanswered")
    if not lost:
        return failed("nothing was answered, and it kept the connection")
    again = [one for one in mf.joined(WITHHELD) if one.opened_us > lost[0].opened_us and one.link == lost[0].link]
    return passed(f"{len(lost)} connections given up, new ones made") if again else failed("it did not come back")


def _resends(mf: Mf) -> Finding:
    found = mf.data(WITHHELD)
    if not found:
        return unclear("no records came in that phase")
    links = {one.link: [other.number for other in mf.joined(WITHHELD) if other.link == one.link] for one in found}
    missing, checked = [], 0
    for link, connections in links.items():
        first = [one for one in found if one.connection == connections[0]]
        later = {one.octets for one in found if one.link == link and one.connection != connections[0]}
        checked += len(first) if len(connections) > 1 else 0
        missing += [_at(one) for one in first if len(connections) > 1 and one.octets not in later]
    if not checked:
        return failed("it did not come back, so nothing came again")
    wrong = [f"not acknowledged and not sent again as it was: {one}" for one in missing]
    return _all(wrong, f"{checked} unacknowledged records came again, octet for octet")


def _survives(mf: Mf) -> Finding:
    found = mf.data(HOSTILE)
    return (
        passed(f"{len(found)} records came behind answers that are none")
        if found
        else failed("behind octets that are no answer nothing came any more")
    )


# ---- records


def _decodes(mf: Mf) -> Finding:
    seen = mf.observer.of(NORMAL)
    wrong = [f"{len(one.octets)} octets that are no PS-PDU: {_at(one)}" for one in seen if one.pdu is None]
    return _all(wrong, f"{len(seen)} records" if seen else "", "nothing was sent")


def _headers(mf: Mf) -> Finding:
    wrong = []
    for one in mf.data():
        assert one.pdu is not None, "data were decoded"
        header = one.pdu.header
        if not 1 <= len(header.liid) <= 25:
            wrong.append(f"a LIID of {len(header.liid)} octets: {_at(one)}")
        if not 1 <= len(header.operator_id) <= 16:
            wrong.append(f"an operator identifier of {len(header.operator_id)} octets: {_at(one)}")
        if header.cin is None:
            wrong.append(f"no CIN: {_at(one)}")
        if not 0 <= header.sequence_number <= 0xFFFF_FFFF:
            wrong.append(f"a number beyond 32 bits: {_at(one)}")
    return _all(wrong, _count(mf), "no IRI and no CC was sent")


def _count(mf: Mf) -> str:
    found = mf.data()
    return f"{len(found)} records of {len(mf.streams())} streams" if found else ""


def _domains(mf: Mf) -> Finding:
    found = Counter(one.pdu.header.oid for one in mf.observer.of(NORMAL) if one.pdu is not None)
    wrong = [f"{oid} is no li-psDomainId" for oid in found if not oid.startswith(_ROOT)]
    return _all(wrong, f"module version {', '.join(oid.rpartition('.')[2] for oid in found)}" if found else "",
                "nothing was sent")  # fmt: skip


def _countries(mf: Mf) -> Finding:
    wrong = []
    for one in mf.data():
        assert one.pdu is not None, "data were decoded"
        for name, code in (("authorization", one.pdu.header.authorization_country),
                           ("delivery", one.pdu.header.delivery_country)):  # fmt: skip
            if code is not None and not (len(code) == 2 and code.isascii() and code.isupper()):
                wrong.append(f"{name} country {code!r}: {_at(one)}")
    return _all(wrong, _count(mf), "no IRI and no CC was sent")


def _tris(mf: Mf) -> Finding:
    wrong = [f"{one.tri} is a LEMF's to say: {_at(one)}" for one in mf.observer.of(NORMAL) if one.tri in _OURS]
    found = Counter(one.tri for one in mf.observer.of(NORMAL) if one.tri)
    return _all(wrong, ", ".join(f"{count} {name}" for name, count in found.items()) or "no TRI was sent")


def _ordered(mf: Mf) -> Finding:
    if not mf.targets:
        return does_not_apply("no LIID was named beforehand (--target)")
    wrong = sorted({liid_text(one.liid) for one in mf.data()} - {liid_text(one) for one in mf.targets})
    return _all([f"records of {one}, which nobody ordered" for one in wrong], _count(mf), "no data were sent")


# ---- numbers


def _starts_at_zero(mf: Mf) -> Finding:
    wrong = [f"the first is {found[0].number}: {_at(found[0])}" for found in mf.streams().values() if found[0].number]
    return _all(wrong, _count(mf), "no data were sent")


def _steps(mf: Mf) -> list[tuple[Seen, int]]:
    """Each new highest number of a stream and how far it is from the one before."""
    steps = []
    for found in mf.streams().values():
        high = found[0].number
        for one in found[1:]:
            step = (one.number - high) & 0xFFFF_FFFF
            if 0 < step < 1 << 31:
                steps.append((one, step))
                high = one.number
    return steps


def _complete(mf: Mf) -> Finding:
    wrong = []
    for found in mf.streams().values():
        have = {one.number for one in found}
        high = found[0].number
        for one in found[1:]:
            step = (one.number - high) & 0xFFFF_FFFF
            if 1 < step < JUMP:
                missing = [at & 0xFFFF_FFFF for at in range(high + 1, high + step) if at & 0xFFFF_FFFF not in have]
                if missing:
                    wrong.append(f"{len(missing)} numbers are missing before {_at(one)}")
            high = one.number if 0 < step < 1 << 31 else high
    return _all(wrong, _count(mf), "no data were sent")


def _no_jump(mf: Mf) -> Finding:
    wrong = [f"{step} ahead at once: {_at(one)}" for one, step in _steps(mf) if step >= JUMP]
    return _all(wrong, _count(mf), "no data were sent")


def _in_order(mf: Mf) -> Finding:
    wrong = []
    for found in mf.streams().values():
        high, before = found[0].number, {found[0].number}
        for one in found[1:]:
            if (one.number - high) & 0xFFFF_FFFF >= 1 << 31 and one.number not in before:
                wrong.append(f"behind number {high}: {_at(one)}")
            else:
                high = max(high, one.number)
            before.add(one.number)
    return _all(wrong, _count(mf), "no data were sent")


def _once(mf: Mf) -> Finding:
    wrong = []
    for found in mf.streams().values():
        first: dict[int, Seen] = {}
        for one in found:
            earlier = first.setdefault(one.number, one)
            if earlier is not one and earlier.octets == one.octets and earlier.connection == one.connection:
                wrong.append(f"twice on one connection: {_at(one)}")
    return _all(wrong, _count(mf), "no data were sent")


def _one_meaning(mf: Mf) -> Finding:
    wrong = []
    for found in mf.streams().values():
        first: dict[int, Seen] = {}
        for one in found:
            if first.setdefault(one.number, one).octets != one.octets:
                wrong.append(f"a number with other octets: {_at(one)}")
    return _all(wrong, _count(mf), "no data were sent")


def _no_flood(mf: Mf) -> Finding:
    counts = Counter(one.octets for one in mf.data())
    wrong = [f"a record came {count} times" for count in counts.values() if count > FLOOD]
    return _all(wrong, _count(mf), "no data were sent")


# ---- times


def _stamped(mf: Mf) -> Finding:
    wrong = [f"no time: {_at(one)}" for one in mf.data() if one.pdu is not None and event_time(one.pdu)[0] is None]
    return _all(wrong, _count(mf), "no data were sent")


def _qualified(mf: Mf) -> Finding:
    found = Counter(str(event_time(one.pdu)[1]) for one in mf.data() if one.pdu is not None)
    wrong = [f"{count} stamps say {name}" for name, count in found.items()
             if name not in ("None", "timeOfInterception", "timeOfAggregation")]  # fmt: skip
    return _all(wrong, _count(mf), "no data were sent")


def _ages(mf: Mf) -> list[tuple[Seen, float]]:
    """How long before it came each record happened, seconds."""
    found = [(one, event_time(one.pdu)[0]) for one in mf.data() if one.pdu is not None]
    return [(one, (one.time_us - at) / 1e6) for one, at in found if at is not None]


def _clock(mf: Mf) -> Finding:
    """Who stamps ahead of us is wrong; who seems late may be late."""
    ahead = [(one, -age) for one, age in _ages(mf) if age < -mf.skew_s]
    wrong = [f"{early:.1f} s ahead of our clock: {_at(one)}" for one, early in ahead]
    return _all(wrong, _count(mf), "no stamped data were sent")


def _prompt(mf: Mf) -> Finding:
    late = [(one, age) for one, age in _ages(mf) if age > mf.late_s]
    wrong = [f"{age:.1f} s behind its event: {_at(one)}" for one, age in late]
    return _all(wrong, _count(mf), "no stamped data were sent")


# ---- what is handed over


def _calls(mf: Mf) -> dict[tuple[bytes, int], list[tuple[str, Seen]]]:
    found: dict[tuple[bytes, int], list[tuple[str, Seen]]] = {}
    for one in mf.data():
        if one.kind == "iri" and one.pdu is not None:
            kinds = [str(payload.get("iRIType", "")) for payload in one.pdu.payload[1]]
            found.setdefault(one.stream[:2], []).extend((kind, one) for kind in kinds)
    return found


def _begin_to_end(mf: Mf) -> Finding:
    wrong, calls = [], _calls(mf)
    for told in calls.values():
        kinds = [kind for kind, _ in told if kind not in ("iRI-Report", "")]
        if not kinds:
            continue
        if kinds[0] != "iRI-Begin":
            wrong.append(f"begins with {kinds[0]}: {_at(told[0][1])}")
        if kinds.count("iRI-Begin") > 1:
            wrong.append(f"begins twice: {_at(told[0][1])}")
        if "iRI-End" in kinds[:-1]:
            wrong.append(f"goes on behind its end: {_at(told[-1][1])}")
        if kinds[-1] != "iRI-End":
            wrong.append(f"has no end: {_at(told[-1][1])}")
    return _all(wrong, f"{len(calls)} communications" if calls else "", "no IRI was sent")


def _correlated(mf: Mf) -> Finding:
    told = {one.stream[:2] for one in mf.data() if one.kind == "iri"}
    content = [one for one in mf.data() if one.kind == "cc"]
    wrong = {one.stream[:2]: _at(one) for one in content if one.stream[:2] not in told}
    many = f"{len(content)} records of content" if content else ""
    return _all([f"content of a communication without IRI: {one}" for one in wrong.values()], many, "no CC was sent")


def _metadata(mf: Mf) -> Finding:
    if not mf.metadata_only:
        return does_not_apply("no pen register was named (--metadata-only)")
    found = [one for one in mf.data() if one.liid in mf.metadata_only]
    wrong = [f"content under a pen register: {_at(one)}" for one in found if one.kind == "cc"]
    return _all(wrong, f"{len(found)} records, all of them IRI" if found else "", "nothing came under a pen register")


def _target(mf: Mf) -> Finding:
    if not mf.targets:
        return does_not_apply("no target was named (--target)")
    wrong, seen = [], 0
    for (liid, _), told in _calls(mf).items():
        number = mf.targets.get(liid)
        if number is None:
            continue
        seen += 1
        if not any(_names(one.octets, number.lstrip("+")) for _, one in told):
            wrong.append(f"no IRI of it names the target: {_at(told[0][1])}")
    return _all(wrong, f"{seen} communications, each with its target" if seen else "", "no IRI of a named LIID came")


def _names(octets: bytes, digits: str) -> bool:
    """As text, or in the half-octets of telephony (TS 23.040 9.1.2.3), from either nibble on."""
    padded = digits + "F" * (len(digits) % 2)
    swapped = bytes.fromhex("".join(padded[at + 1] + padded[at] for at in range(0, len(padded), 2)))
    return digits.encode() in octets or swapped in octets


def _integrity(mf: Mf) -> Finding:
    """Hashes over whole PS-PDUs, one behind the other, as OpenLI makes them."""
    checks = [one for one in mf.observer.of(NORMAL) if one.tri == "integrityCheck"]
    if not checks:
        return does_not_apply("it sends no integrity checks")
    held = {(*one.stream, one.number): one.octets for one in mf.data()}
    wrong, right, waiting = [], 0, 0
    for one in checks:
        assert one.pdu is not None, "a TRI was decoded"
        value: dict[str, Any] = one.pdu.payload[1][1]
        kind = {"iRI": "iri", "cC": "cc"}.get(str(value.get("dataType")), "")
        name = HASHES.get(str(value.get("hashAlgorithm", "sHA-256")))
        if value["checkType"] != "hash" or not kind or name is None:
            continue
        numbers = [(one.liid, one.stream[1], kind, number) for number in value["includedSequenceNumbers"]]
        if not all(place in held for place in numbers):
            waiting += 1
            continue
        try:
            digest = hashlib.new(name, b"".join(digested(held[place], "pdu") for place in numbers)).digest()
        except DecodeError:
            continue
        right += digest == value["checkValue"]
        if digest != value["checkValue"]:
            wrong.append(f"the hash over {len(numbers)} records is wrong: {_at(one)}")
    return _all(wrong, f"{right} hashes are right, {waiting} over records that were not seen" if right else "",
                "no hash over records that were seen")  # fmt: skip


def _notices(mf: Mf) -> Finding:
    found = [one for one in mf.observer.of(NORMAL) if one.pdu is not None and one.pdu.payload[0] == "hI1-Operation"]
    if not found:
        return does_not_apply("it sends no HI1 notifications; whether they are due is agreed on between the two")
    wrong = [f"not the header's LIID: {_at(one)}" for one in found
             if one.pdu is not None and one.pdu.payload[1][1].get("lawfulInterceptionIdentifier", one.liid)
             != one.liid]  # fmt: skip
    return _all(wrong, f"{len(found)} notifications")


# ---- TLS


def _tls(mf: Mf) -> Finding | None:
    return None if mf.tls else does_not_apply("the link is without TLS")


def _tls_version(mf: Mf) -> Finding:
    wrong = [f"connection {one.number} speaks {one.tls}" for one in mf.joined(NORMAL)
             if one.tls not in ("TLSv1.2", "TLSv1.3")]  # fmt: skip
    spoken = ", ".join(sorted({one.tls for one in mf.joined(NORMAL)}))
    return _tls(mf) or _all(wrong, spoken, "nobody connected")


def _tls_shown(mf: Mf) -> Finding:
    wrong = [f"connection {one.number} shows no certificate" for one in mf.joined(NORMAL) if not one.names]
    names = ", ".join(sorted({name for one in mf.joined(NORMAL) for name in one.names}))
    return _tls(mf) or _all(wrong, f"for {names}" if names else "", "nobody connected")


def _tls_wrong(mf: Mf) -> Finding:
    if (found := _tls(mf)) is not None:
        return found
    if mf.data(WRONG):
        return failed("it delivers to a LEMF whose certificate leads to no root that it knows")
    if not mf.observer.refused:
        return unclear("it did not connect while the certificate was wrong")
    return passed(f"{mf.observer.refused} handshakes, and not one record")


_ELSEWHERE: Final = {"OPT-2": DECLINED, "KA-3": WITHHELD, "BUF-1": WITHHELD, "BAD-1": HOSTILE, "TLS-3": WRONG}
"""In which phase a case is judged, where that is not normal work."""


def _case(name: str, title: str, clause: str, evidence: Evidence, judge: Judge, fault: str = "") -> Case[Mf]:
    clause = clause if clause.startswith(("TS", "R-")) else f"{PART1} {clause}"
    return Case(f"MF-{name}", title, clause, evidence, _on(_ELSEWHERE.get(name, NORMAL), judge), fault=fault)


CASES: Final[tuple[Case[Mf], ...]] = (
    _case("CON-1", "Connects, and keeps the connection", "6.3.2", "P", _connects, fault="cut"),
    _case("OPT-1", "Negotiates before anything else, and completes it", "6.3.5", "A", _option_first),
    _case("OPT-2", "Goes on without what was declined", "6.3.5", "A", _declines),
    _case("ACK-1", "Asks for what was agreed on", "6.3.6", "A", _acknowledgement),
    _case("KA-1", "Sends keep-alives while it has nothing else", "6.3.4", "P", _keepalive, fault="missed_keepalive"),
    _case("KA-2", "Numbers its keep-alives", "6.3.4", "P", _keepalive_numbers),
    _case("KA-3", "Gives up a connection on which nothing is answered", "6.3.4", "P", _gives_up),
    _case("BUF-1", "Sends again what was not acknowledged", "6.3.3", "P", _resends),
    _case("BAD-1", "Survives answers that are none", "6.3.1", "A", _survives),
    _case("FRM-1", "Every record decodes", "module", "S", _decodes, fault="corrupt"),
    _case("HDR-1", "Mandatory header fields, within their bounds", "5.2.2 to 5.2.5", "S", _headers),
    _case("HDR-2", "The domain identifier is one of the module's", "module, li-psDomainId", "S", _domains),
    _case("HDR-3", "Country codes of two letters", "5.2.3, 5.2.4", "S", _countries),
    _case("HDR-4", "Only LIIDs that were ordered", "5.2.2", "A", _ordered),
    _case("TRI-1", "Only TRIs that a mediation function sends", "module, TRIPayload", "S", _tris),
    _case("SEQ-1", "A communication's numbers begin at 0", "5.2.5", "I", _starts_at_zero),
    _case("SEQ-2", "No number is missing", "5.2.5", "P", _complete, fault="loss"),
    _case("SEQ-3", "Numbers come in order", "5.2.5", "A", _in_order, fault="reorder"),
    _case("SEQ-4", "A record comes once on a connection", "6.3.3", "A", _once, fault="duplicate"),
    _case("SEQ-5", "Numbers do not jump", "5.2.5", "P", _no_jump, fault="sequence_jump"),
    _case("SEQ-6", "A number has one meaning", "5.2.5", "P", _one_meaning),
    _case("FLO-1", "No record is sent over and over", "6.3.3", "A", _no_flood, fault="flood"),
    _case("TIM-1", "Every record has a time", "5.2.6", "S", _stamped),
    _case("TIM-2", "The time is that of interception", "5.2.6", "P", _qualified),
    _case("TIM-3", "The clock is not ahead", "5.2.6", "A", _clock, fault="clock_skew"),
    _case("TIM-4", "Comes within the time that is allowed", "R-097", "A", _prompt, fault="delay"),
    _case("IRI-1", "Begins with a begin and ends with an end", "TS 102 232-5, IRI types", "I", _begin_to_end),
    _case("COR-1", "Content has the CIN of its signalling", "5.2.4", "P", _correlated),
    _case("SCO-1", "No content under a pen register", "R-110", "A", _metadata, fault="over_delivery"),
    _case("TGT-1", "The target takes part in what is handed over", "R-022", "A", _target, fault="wrong_number"),
    _case("INT-1", "Hashes fit their records", "7.2.3", "I", _integrity, fault="bad_integrity"),
    _case("HI1-1", "Notifications of HI1 name their interception", "HI1NotificationOperations", "S", _notices),
    _case("TLS-1", "Speaks TLS 1.2 or newer", "6.4", "P", _tls_version),
    _case("TLS-2", "Shows a certificate", "6.4", "A", _tls_shown),
    _case("TLS-3", "Refuses a LEMF whose certificate is wrong", "6.4", "P", _tls_wrong),
)
"""`fault`: what the fault proxy, or the sender's own faults, make this case fail by."""


def phase_of(case: Case[Mf]) -> str:
    """In which phase a case's records were sent."""
    return _ELSEWHERE.get(case.id.removeprefix("MF-"), NORMAL)
