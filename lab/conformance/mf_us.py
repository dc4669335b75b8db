"""Cases of a mediation function's call data in the US dialects: T1.678, PCESP and IAS. Pure judgement.

These dialects have no numbers and no answers. What is missing shows where a call or a session has no beginning or no
end; what was held back while we were away shows when we are there again. Nobody here has read the procedures of the
standards: what a message means is taken from its name and its fields (docs/us-dialects.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from asn1.errors import EncodeError
from asn1.laes.describe import dialect_named
from asn1.ps_pdu import liid_text
from collector.laes.naming import media_sdp
from lab.conformance.channels import Channels
from lab.conformance.mf_every import MODULES, ages
from lab.conformance.model import US, Case, Evidence, Finding, Known, does_not_apply, failed, passed, unclear
from lab.conformance.seen import Seen
from lab.conformance.watched import AWAY, NORMAL, Judge, Mf, at, case, finding

VOICE: Final = ("t1678", "pcesp")
OPENINGS: Final = frozenset({"origination", "termAttempt", "terminationattempt"})
SENT_ON: Final = frozenset({"change", "redirection"})
"""What a call says that goes on in another leg, which has no opening of its own."""
RELEASE: Final = "release"
WITHIN_PERCENT: Final = 95
"""Of the signalling, within the time that is allowed (R-097)."""
_MODULES: Final = {"t1678": "1.2.840.113737.2.1.0.", "ias": "1.2.840.113737.2.1.1.0."}
"""How module identifiers begin; those of later versions are not known to the end."""
_VERSIONS: Final = ("v3", "v4")
_SESSIONS: Final = (
    ("accessSessionID", frozenset({"accessAccepted"}), "accessSessionEnd"),
    ("packetDataSessionID", frozenset({"packetDataSessionStart", "packetDataSessionAlreadyEstablished"}),
     "packetDataSessionEnd"),
)  # fmt: skip
"""By which field a session is known, what it begins with and what it ends with."""
_WITHHELD: Final = frozenset({
    "ccopen", "ccclose", "ccchange", "ccunavailable", "uucontent", "dialeddgtextrn", "dialeddigitextraction",
    "accesssignalingmessagereport",
})  # fmt: skip
"""Messages of content, and of keys after the answer; in lower case, as the dialects write them differently."""
_REPORTS: Final = {"packetDataHeaderReport": "headerSet", "packetDataSummaryReport": "streamSet"}

Leg = tuple[bytes, str]


def _many(mf: Mf, phase: str = NORMAL) -> str:
    found = mf.told(phase)
    return f"{len(found)} messages" if found else ""


# ---- octets


def _written_alike(mf: Mf) -> Finding:
    """BER lets a sender choose lengths; a value that fits no field of the module cannot be written again."""
    wrong, other, whole = [], 0, 0
    known = dialect_named(mf.observer.dialect)
    for one in mf.told():
        assert one.message is not None, "call data were decoded"
        if one.message.unknown_tags:
            continue
        try:
            octets = known.encode(one.message)
            if known.decode(octets) != one.message:
                wrong.append(f"written again it is another message: {at(one)}")
        except EncodeError as error:
            wrong.append(f"{error}: {at(one)}")
            continue
        whole += 1
        other += octets != one.octets
    forms = f", {other} of them in another form that BER allows" if other else ", octet for octet"
    return finding(wrong, f"{whole} messages written again{forms}" if whole else "", "no message of known fields")


def _module(mf: Mf) -> Finding:
    dialect, wrong = mf.observer.dialect, []
    named = Counter(str(one.message.module) for one in mf.told() if one.message is not None)
    for module in named:
        good = module in _VERSIONS if dialect == "pcesp" else module.startswith(_MODULES[dialect])
        # T1.678 has a form without an identifier.
        if not good and not (dialect == "t1678" and module == "None"):
            wrong.append(f"{module} is none of the dialect's")
    return finding(wrong, ", ".join(named), "no message was sent")


# ---- connection


def _unanswered(mf: Mf) -> Finding:
    found, joined = mf.data(), mf.joined(NORMAL)
    if not found:
        return failed("nothing was delivered")
    again = len(joined) - len(mf.observer.ports)
    if again > 0:
        return failed(f"it connected {again} times more, as if something were missing")
    return passed(f"{len(found)} records, and nothing was ever said to it")


def _comes_back(mf: Mf) -> Finding:
    found = mf.joined(AWAY)
    return passed(f"{len(found)} new connections") if found else failed("it did not come back")


def _keeps(mf: Mf) -> Finding:
    """What happened while we were away is whole. What was lost from its first message to its last is seen by who knows
    how many communications there were: of a foreign one nobody does."""
    found = mf.told(AWAY)
    if not mf.joined(AWAY):
        return failed("it did not come back")
    wrong = _calls_wrong(found) + _sessions_wrong(found)
    ended = mf.ended(AWAY)
    if ended < mf.made:
        wrong.append(f"{ended} communications ended, of {mf.made} at least that were made")
    untold = "" if mf.made else "; whether others were lost from beginning to end cannot be told"
    return finding(wrong, f"{ended} communications, whole{untold}" if ended else "",
                   "no communication began and ended in that phase")  # fmt: skip


def _same_again(mf: Mf) -> Finding:
    """A message is another one where the same happened at the same time to the same call in other octets."""
    before: dict[tuple[Any, ...], set[bytes]] = {}
    for one in mf.told():
        before.setdefault(_event(one), set()).add(one.octets)
    later = [one for one in mf.data(AWAY) if one.kind == "iri" and _event(one) in before]
    wrong = [f"sent again with other octets: {at(one)}" for one in later if one.octets not in before[_event(one)]]
    return finding(wrong, f"{len(later)} messages came again, octet for octet" if later else "",
                   "nothing came again; that is the sender's to choose")  # fmt: skip


def _event(one: Seen) -> tuple[Any, ...]:
    return one.liid, one.name, one.call, one.stamp_us, one.point


# ---- calls and sessions


def _leg(one: Seen) -> Leg | None:
    """The call, and its leg where the dialect has legs, of a message that is of one alone."""
    named = {} if one.message is None else one.message.fields
    held = named.get("callId", named.get("old"))
    return (one.liid, " leg ".join(map(str, held.values()))) if isinstance(held, Mapping) else None


def _legs(told: list[Seen]) -> dict[Leg, list[Seen]]:
    found: dict[Leg, list[Seen]] = {}
    for one in told:
        if (leg := _leg(one)) is not None:
            found.setdefault(leg, []).append(one)
    return found


def _calls_wrong(told: list[Seen]) -> list[str]:
    wrong = []
    sent_on = {one.liid for one in told if one.name in SENT_ON}
    for leg in _legs(told).values():
        names = [one.name for one in leg]
        if not {*OPENINGS, "answer", RELEASE} & set(names):
            # A feature code, a registration or a text: no call.
            continue
        opening = next((place for place, name in enumerate(names) if name in OPENINGS), None)
        if opening is None and leg[0].liid not in sent_on:
            wrong.append(f"has no beginning: {at(leg[0])}")
        if "answer" in names[:opening]:
            wrong.append(f"is answered before it begins: {at(leg[0])}")
        if names.count("answer") > 1:
            wrong.append(f"is answered twice: {at(leg[0])}")
        if names.count(RELEASE) > 1:
            wrong.append(f"ends twice: {at(leg[-1])}")
        if RELEASE not in names:
            wrong.append(f"has no end: {at(leg[-1])}")
        elif names[-1] != RELEASE:
            wrong.append(f"goes on behind its end: {at(leg[-1])}")
    return wrong


def _calls(mf: Mf) -> Finding:
    found = {leg for leg, told in _legs(mf.told()).items() if any(one.name == RELEASE for one in told)}
    return finding(_calls_wrong(mf.told()), f"{len(found)} calls" if found else "", "no call was told")


def _session_names(told: list[Seen]) -> dict[tuple[bytes, str, str], list[Seen]]:
    found: dict[tuple[bytes, str, str], list[Seen]] = {}
    for one in told:
        for name, begins, end in _SESSIONS:
            if one.message is not None and name in one.message.fields and one.name in begins | {end}:
                found.setdefault((one.liid, name, str(one.message.fields[name])), []).append(one)
    return found


def _sessions_wrong(told: list[Seen]) -> list[str]:
    wrong = []
    ends = {name: (begins, end) for name, begins, end in _SESSIONS}
    for (_, name, _), session in _session_names(told).items():
        begins, end = ends[name]
        names = [one.name for one in session]
        if names[0] not in begins:
            wrong.append(f"has no beginning: {at(session[0])}")
        if end not in names:
            wrong.append(f"has no end: {at(session[-1])}")
        elif names[-1] != end:
            wrong.append(f"goes on behind its end: {at(session[-1])}")
    return wrong


def _sessions(mf: Mf) -> Finding:
    found = _session_names(mf.told())
    return finding(_sessions_wrong(mf.told()), f"{len(found)} sessions" if found else "", "no session was told")


def _one_call(mf: Mf) -> Finding:
    wrong, found = [], 0
    for leg, told in _legs(mf.told()).items():
        begun = [one for one in told if one.name in OPENINGS]
        found += bool(begun)
        if len(begun) > 1:
            wrong.append(f"{leg[1]} of {liid_text(leg[0])} begins {len(begun)} times: {at(begun[1])}")
    for (liid, _, name), told in _session_names(mf.told()).items():
        begun = [one for one in told if not one.name.endswith("End")]
        found += bool(begun)
        if len(begun) > 1:
            wrong.append(f"session {name} of {liid_text(liid)} begins {len(begun)} times: {at(begun[1])}")
    return finding(wrong, f"{found} identities, one communication each" if found else "", "no call was told")


def _content_s_call(mf: Mf) -> Finding:
    calls = {(one.liid, one.call) for one in mf.told() if one.name in OPENINGS | SENT_ON}
    opened = [held.opened for held in Channels.of(mf.told()).every if held.opened.call.startswith("call ")]
    wrong = [f"content of a call that was not told: {at(one)}" for one in opened if (one.liid, one.call) not in calls]
    return finding(wrong, f"content of {len(opened)} calls" if opened else "", "no content of a call was announced")


# ---- times


def _prompt(mf: Mf) -> Finding:
    found = [(one, age) for one, age in ages(mf) if one.kind == "iri"]
    late = [(one, age) for one, age in found if age > mf.late_s]
    if not found:
        return unclear("no message with a time was sent")
    slowest = max(age for _, age in found)
    if 100 * len(late) > (100 - WITHIN_PERCENT) * len(found):
        one, age = late[0]
        return failed(f"{len(late)} of {len(found)} came later than {mf.late_s:g} s; {age:.1f} s behind: {at(one)}")
    return passed(f"{len(found) - len(late)} of {len(found)} within {mf.late_s:g} s, the slowest after {slowest:.2f} s")


def _in_order(mf: Mf) -> Finding:
    """Of one interception at one point; clocks of several points may differ."""
    wrong, last = [], dict[tuple[bytes, str, int], Seen]()
    for one in mf.told():
        place, stamp_us = (one.liid, one.point, one.connection), one.stamp_us
        before = last.get(place)
        if stamp_us is not None and before is not None and before.stamp_us is not None and stamp_us < before.stamp_us:
            ahead_s = (before.stamp_us - stamp_us) / 1e6
            wrong.append(f"{at(one)} happened {ahead_s:.3f} s before the {before.name} in front of it")
        last[place] = one
    return finding(wrong, _many(mf), "no message was sent")


# ---- what is handed over


def _no_description(mf: Mf) -> Finding:
    if not mf.metadata_only:
        return does_not_apply("no pen register was named (--metadata-only)")
    found = [one for one in mf.told() if one.liid in mf.metadata_only]
    wrong = []
    for one in found:
        assert one.message is not None, "call data were decoded"
        if one.name.lower() in _WITHHELD:
            wrong.append(f"of no pen register: {at(one)}")
        elif media_sdp(one.message.fields) or b"m=audio" in one.octets or b"application/dtmf" in one.octets.lower():
            wrong.append(f"a description of media, or a key, under a pen register: {at(one)}")
    return finding(wrong, f"{len(found)} messages, none of them of content" if found else "",
                   "nothing came under a pen register")  # fmt: skip


def _texts(mf: Mf) -> Finding:
    found = [one for one in mf.told() if one.name == "uuContent"]
    wrong = [f"it has no content: {at(one)}" for one in found
             if one.message is not None and "content" not in one.message.fields]  # fmt: skip
    return finding(wrong, f"{len(found)} messages of user-to-user content" if found else "",
                   "no user-to-user content was told: no message was sent, or it tells of none")  # fmt: skip


def _packets(mf: Mf) -> Finding:
    """Addresses of four or sixteen octets, and counts of one at least."""
    wrong, found = [], [one for one in mf.told() if one.name in _REPORTS]
    for one in found:
        assert one.message is not None, "call data were decoded"
        ends: Mapping[str, Any] = one.message.fields[_REPORTS[one.name]]
        for end in ("sourceIPaddress", "destinationIPaddress"):
            family, octets = ends[end]["address"]
            if len(octets) != {"ipV4": 4, "ipV6": 16}.get(family, len(octets)):
                wrong.append(f"{end} of {len(octets)} octets: {at(one)}")
        if ends.get("packetCount", 1) < 1:
            wrong.append(f"a summary of {ends['packetCount']} packets: {at(one)}")
    liids = {one.liid for one in found}
    wrong += [f"content beside reports of headers: {at(one)}" for one in mf.data()
              if one.kind == "cc" and one.liid in liids & mf.metadata_only]  # fmt: skip
    counted = Counter(one.name for one in found)
    return finding(wrong, ", ".join(f"{number} {name}" for name, number in counted.items()),
                   "no report of packets was sent")  # fmt: skip


def _us(
    name: str, title: str, clause: str, evidence: Evidence, judge: Judge, fault: str = "", phase: str = NORMAL,
    dialects: tuple[str, ...] = US, elsewhere: Mapping[str, Known] | None = None,
) -> Case[Mf]:  # fmt: skip
    return case(f"US-{name}", title, clause, evidence, judge, fault, phase, dialects, elsewhere)


CASES: Final[tuple[Case[Mf], ...]] = (
    _us("ANS-1", "Needs no answer", "no answer is defined", "A", _unanswered),
    _us("RES-1", "Comes back behind a cut", "no clause was read", "A", _comes_back, phase=AWAY),
    _us("RES-2", "Loses nothing that happened while we were away", "R-096", "A", _keeps, phase=AWAY),
    _us("RES-3", "What is sent again is the same", "R-093", "A", _same_again, phase=AWAY),
    _us("FRM-2", "Every message fits the module's fields", "the module's sizes", "I", _written_alike,
        elsewhere=MODULES),
    _us("MOD-1", "Names the module that it is written in", "the module's identifier", "I", _module, elsewhere=MODULES),
    _us("CALL-1", "A call begins, is answered and ends, in that order", "names of the messages; no procedure was read",
        "A", _calls, "loss", dialects=VOICE),
    _us("SES-1", "A session begins and ends", "names of the messages; no procedure was read", "A", _sessions, "loss",
        dialects=("ias",)),
    _us("CID-1", "An identity is of one communication", "CallId, session identities", "A", _one_call),
    _us("CID-2", "Content is of a call that was told", "CCOpen", "A", _content_s_call, dialects=VOICE),
    _us("ORD-1", "Messages come in the order of what happened", "no clause was read", "A", _in_order, "reorder"),
    _us("TIM-5", "95 of 100 messages come within the time that is allowed", "R-097", "A", _prompt, "delay"),
    _us("SCO-2", "No description of media and no key under a pen register", "R-110, R-111", "A", _no_description),
    _us("MSG-1", "A text is told with its content", "UUContent; that it is due is assumed", "A", _texts,
        dialects=("t1678",)),
    _us("PDR-1", "Reports of packets name their ends, and stand alone", "Packet-Data-Header-Report and -Summary-Report",
        "A", _packets, dialects=("ias",)),
)  # fmt: skip
