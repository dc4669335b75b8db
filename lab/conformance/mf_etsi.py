"""Cases of a mediation function that are ETSI's own (TS 102 232-1): TRIs, numbers, headers, integrity. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any, Final

from asn1.errors import DecodeError
from asn1.integrity import HASHES, digested
from asn1.ps_pdu import PS_DOMAIN_OID, event_time
from lab.conformance.mf_every import ages
from lab.conformance.model import Case, Evidence, Finding, does_not_apply, failed, passed, unclear
from lab.conformance.seen import Seen
from lab.conformance.watched import DECLINED, NORMAL, PART1, WITHHELD, Judge, Mf, at, case, finding

JUMP: Final = 64
"""A step in the numbers from here on is a jump; below it records are missing."""
_ROOT: Final = PS_DOMAIN_OID.rpartition(".")[0] + "."
_OURS: Final = frozenset({"keep-aliveResponse", "optionResponse", "pDUAcknowledgementResponse"})
"""TRIs that a LEMF sends."""


def _streams(mf: Mf) -> dict[tuple[bytes, int, str], list[Seen]]:
    found: dict[tuple[bytes, int, str], list[Seen]] = {}
    for one in mf.data():
        liid, cin, kind = one.stream
        found.setdefault((liid, cin, kind) if mf.scope == "communication" else (liid, -1, ""), []).append(one)
    return found


# ---- connection, options, keep-alive


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
            wrong.append(f"an optionRequest without options: {at(one)}")
        if mine[0] is not one:
            wrong.append(f"records went before the optionRequest: {at(one)}")
        if not any(other.tri == "optionComplete" for other in mine):
            wrong.append(f"no optionComplete behind our answer: {at(one)}")
    return finding(wrong, f"{len(asked)} negotiations: asked first, completed")


def _acknowledgement(mf: Mf) -> Finding:
    asked = [one for one in mf.observer.of(NORMAL) if one.tri == "pDUAcknowledgementRequest"]
    if not any(one.tri == "optionComplete" for one in mf.observer.of(NORMAL)):
        return does_not_apply("acknowledgement was not agreed on")
    if not asked:
        return failed("acknowledgement was agreed on and never asked for")
    return finding(_falling(asked), f"{len(asked)} requests, each with a number of its own")


def _falling(tris: list[Seen]) -> list[str]:
    wrong, last = [], dict[int, int]()
    for one in tris:
        if one.number <= last.get(one.connection, -1):
            wrong.append(f"number {one.number} again: {at(one)}")
        last[one.connection] = one.number
    return wrong


def _keepalive(mf: Mf) -> Finding:
    asked = [one for one in mf.observer.of(NORMAL) if one.tri == "keep-alive"]
    links = {one.link for one in mf.joined(NORMAL)}
    if not links:
        return failed("nobody connected")
    idle = sorted(links - {one.link for one in asked})
    return finding([f"no keep-alive within {mf.keepalive_s:g} s on {one}" for one in idle], f"{len(asked)} keep-alives")


def _keepalive_numbers(mf: Mf) -> Finding:
    asked = [one for one in mf.observer.of(NORMAL) if one.tri == "keep-alive"]
    return finding(_falling(asked), f"{len(asked)} keep-alives" if asked else "", "no keep-alive was seen")


def _declines(mf: Mf) -> Finding:
    seen = mf.observer.of(DECLINED)
    if not any(one.tri == "optionRequest" for one in seen):
        return does_not_apply("it asks for no option")
    asked = [at(one) for one in seen if one.tri == "pDUAcknowledgementRequest"]
    return finding([f"it asks to acknowledge though we declined: {one}" for one in asked],
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
        missing += [at(one) for one in first if len(connections) > 1 and one.octets not in later]
    if not checked:
        return failed("it did not come back, so nothing came again")
    wrong = [f"not acknowledged and not sent again as it was: {one}" for one in missing]
    return finding(wrong, f"{checked} unacknowledged records came again, octet for octet")


# ---- records


def _headers(mf: Mf) -> Finding:
    wrong = []
    for one in mf.data():
        assert one.pdu is not None, "data were decoded"
        header = one.pdu.header
        if not 1 <= len(header.liid) <= 25:
            wrong.append(f"a LIID of {len(header.liid)} octets: {at(one)}")
        if not 1 <= len(header.operator_id) <= 16:
            wrong.append(f"an operator identifier of {len(header.operator_id)} octets: {at(one)}")
        if header.cin is None:
            wrong.append(f"no CIN: {at(one)}")
        if not 0 <= header.sequence_number <= 0xFFFF_FFFF:
            wrong.append(f"a number beyond 32 bits: {at(one)}")
    return finding(wrong, _count(mf), "no IRI and no CC was sent")


def _count(mf: Mf) -> str:
    found = mf.data()
    return f"{len(found)} records of {len(_streams(mf))} streams" if found else ""


def _domains(mf: Mf) -> Finding:
    found = Counter(one.pdu.header.oid for one in mf.observer.of(NORMAL) if one.pdu is not None)
    wrong = [f"{oid} is no li-psDomainId" for oid in found if not oid.startswith(_ROOT)]
    return finding(wrong, f"module version {', '.join(oid.rpartition('.')[2] for oid in found)}" if found else "",
                "nothing was sent")  # fmt: skip


def _countries(mf: Mf) -> Finding:
    wrong = []
    for one in mf.data():
        assert one.pdu is not None, "data were decoded"
        for name, code in (("authorization", one.pdu.header.authorization_country),
                           ("delivery", one.pdu.header.delivery_country)):  # fmt: skip
            if code is not None and not (len(code) == 2 and code.isascii() and code.isupper()):
                wrong.append(f"{name} country {code!r}: {at(one)}")
    return finding(wrong, _count(mf), "no IRI and no CC was sent")


def _tris(mf: Mf) -> Finding:
    wrong = [f"{one.tri} is a LEMF's to say: {at(one)}" for one in mf.observer.of(NORMAL) if one.tri in _OURS]
    found = Counter(one.tri for one in mf.observer.of(NORMAL) if one.tri)
    return finding(wrong, ", ".join(f"{count} {name}" for name, count in found.items()) or "no TRI was sent")


# ---- numbers


def _starts_at_zero(mf: Mf) -> Finding:
    wrong = [f"the first is {found[0].number}: {at(found[0])}" for found in _streams(mf).values() if found[0].number]
    return finding(wrong, _count(mf), "no data were sent")


def _steps(mf: Mf) -> list[tuple[Seen, int]]:
    """Each new highest number of a stream and how far it is from the one before."""
    steps = []
    for found in _streams(mf).values():
        high = found[0].number
        for one in found[1:]:
            step = (one.number - high) & 0xFFFF_FFFF
            if 0 < step < 1 << 31:
                steps.append((one, step))
                high = one.number
    return steps


def _complete(mf: Mf) -> Finding:
    wrong = []
    for found in _streams(mf).values():
        have = {one.number for one in found}
        high = found[0].number
        for one in found[1:]:
            step = (one.number - high) & 0xFFFF_FFFF
            if 1 < step < JUMP:
                missing = [at & 0xFFFF_FFFF for at in range(high + 1, high + step) if at & 0xFFFF_FFFF not in have]
                if missing:
                    wrong.append(f"{len(missing)} numbers are missing before {at(one)}")
            high = one.number if 0 < step < 1 << 31 else high
    return finding(wrong, _count(mf), "no data were sent")


def _no_jump(mf: Mf) -> Finding:
    wrong = [f"{step} ahead at once: {at(one)}" for one, step in _steps(mf) if step >= JUMP]
    return finding(wrong, _count(mf), "no data were sent")


def _in_order(mf: Mf) -> Finding:
    wrong = []
    for found in _streams(mf).values():
        high, before = found[0].number, {found[0].number}
        for one in found[1:]:
            if (one.number - high) & 0xFFFF_FFFF >= 1 << 31 and one.number not in before:
                wrong.append(f"behind number {high}: {at(one)}")
            else:
                high = max(high, one.number)
            before.add(one.number)
    return finding(wrong, _count(mf), "no data were sent")


def _one_meaning(mf: Mf) -> Finding:
    wrong = []
    for found in _streams(mf).values():
        first: dict[int, Seen] = {}
        for one in found:
            if first.setdefault(one.number, one).octets != one.octets:
                wrong.append(f"a number with other octets: {at(one)}")
    return finding(wrong, _count(mf), "no data were sent")


# ---- times


def _qualified(mf: Mf) -> Finding:
    found = Counter(str(event_time(one.pdu)[1]) for one in mf.data() if one.pdu is not None)
    wrong = [f"{count} stamps say {name}" for name, count in found.items()
             if name not in ("None", "timeOfInterception", "timeOfAggregation")]  # fmt: skip
    return finding(wrong, _count(mf), "no data were sent")


def _prompt(mf: Mf) -> Finding:
    late = [(one, age) for one, age in ages(mf) if age > mf.late_s]
    wrong = [f"{age:.1f} s behind its event: {at(one)}" for one, age in late]
    return finding(wrong, _count(mf), "no stamped data were sent")


# ---- what is handed over


def _iri_types(one: Seen) -> list[str]:
    assert one.pdu is not None, "data were decoded"
    return [str(payload.get("iRIType", "")) for payload in one.pdu.payload[1]]


def _begin_to_end(mf: Mf) -> Finding:
    wrong, calls = [], mf.communications()
    for told in calls.values():
        kinds = [kind for one in told for kind in _iri_types(one) if kind not in ("iRI-Report", "")]
        if not kinds:
            continue
        if kinds[0] != "iRI-Begin":
            wrong.append(f"begins with {kinds[0]}: {at(told[0])}")
        if kinds.count("iRI-Begin") > 1:
            wrong.append(f"begins twice: {at(told[0])}")
        if "iRI-End" in kinds[:-1]:
            wrong.append(f"goes on behind its end: {at(told[-1])}")
        if kinds[-1] != "iRI-End":
            wrong.append(f"has no end: {at(told[-1])}")
    return finding(wrong, f"{len(calls)} communications" if calls else "", "no IRI was sent")


def _correlated(mf: Mf) -> Finding:
    told = {one.stream[:2] for one in mf.data() if one.kind == "iri"}
    content = [one for one in mf.data() if one.kind == "cc"]
    wrong = {one.stream[:2]: at(one) for one in content if one.stream[:2] not in told}
    many = f"{len(content)} records of content" if content else ""
    return finding([f"content of a communication without IRI: {one}" for one in wrong.values()], many, "no CC was sent")


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
            wrong.append(f"the hash over {len(numbers)} records is wrong: {at(one)}")
    return finding(wrong, f"{right} hashes are right, {waiting} over records that were not seen" if right else "",
                "no hash over records that were seen")  # fmt: skip


def _notices(mf: Mf) -> Finding:
    found = [one for one in mf.observer.of(NORMAL) if one.pdu is not None and one.pdu.payload[0] == "hI1-Operation"]
    if not found:
        return does_not_apply("it sends no HI1 notifications; whether they are due is agreed on between the two")
    wrong = [f"not the header's LIID: {at(one)}" for one in found
             if one.pdu is not None and one.pdu.payload[1][1].get("lawfulInterceptionIdentifier", one.liid)
             != one.liid]  # fmt: skip
    return finding(wrong, f"{len(found)} notifications")


def _etsi(
    name: str, title: str, clause: str, evidence: Evidence, judge: Judge, fault: str = "", phase: str = NORMAL
) -> Case[Mf]:
    clause = clause if clause.startswith(("TS", "R-")) else f"{PART1} {clause}"
    return case(name, title, clause, evidence, judge, fault, phase)


CASES: Final[tuple[Case[Mf], ...]] = (
    _etsi("OPT-1", "Negotiates before anything else, and completes it", "6.3.5", "A", _option_first),
    _etsi("OPT-2", "Goes on without what was declined", "6.3.5", "A", _declines, phase=DECLINED),
    _etsi("ACK-1", "Asks for what was agreed on", "6.3.6", "A", _acknowledgement),
    _etsi("KA-1", "Sends keep-alives while it has nothing else", "6.3.4", "P", _keepalive, "missed_keepalive"),
    _etsi("KA-2", "Numbers its keep-alives", "6.3.4", "P", _keepalive_numbers),
    _etsi("KA-3", "Gives up a connection on which nothing is answered", "6.3.4", "P", _gives_up, phase=WITHHELD),
    _etsi("BUF-1", "Sends again what was not acknowledged", "6.3.3", "P", _resends, phase=WITHHELD),
    _etsi("HDR-1", "Mandatory header fields, within their bounds", "5.2.2 to 5.2.5", "S", _headers),
    _etsi("HDR-2", "The domain identifier is one of the module's", "module, li-psDomainId", "S", _domains),
    _etsi("HDR-3", "Country codes of two letters", "5.2.3, 5.2.4", "S", _countries),
    _etsi("TRI-1", "Only TRIs that a mediation function sends", "module, TRIPayload", "S", _tris),
    _etsi("SEQ-1", "A communication's numbers begin at 0", "5.2.5", "I", _starts_at_zero),
    _etsi("SEQ-2", "No number is missing", "5.2.5", "P", _complete, "loss"),
    _etsi("SEQ-3", "Numbers come in order", "5.2.5", "A", _in_order, "reorder"),
    _etsi("SEQ-5", "Numbers do not jump", "5.2.5", "P", _no_jump, "sequence_jump"),
    _etsi("SEQ-6", "A number has one meaning", "5.2.5", "P", _one_meaning),
    _etsi("TIM-2", "The time is that of interception", "5.2.6", "P", _qualified),
    _etsi("TIM-4", "Comes within the time that is allowed", "R-097", "A", _prompt, "delay"),
    _etsi("IRI-1", "Begins with a begin and ends with an end", "TS 102 232-5, IRI types", "I", _begin_to_end),
    _etsi("COR-1", "Content has the CIN of its signalling", "5.2.4", "P", _correlated),
    _etsi("INT-1", "Hashes fit their records", "7.2.3", "I", _integrity, "bad_integrity"),
    _etsi("HI1-1", "Notifications of HI1 name their interception", "HI1NotificationOperations", "S", _notices),
)
