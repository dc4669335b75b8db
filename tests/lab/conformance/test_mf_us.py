"""Each case of a mediation function in a US dialect passes over what ours sends, and fails over what is doctored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from asn1.laes.cc_apdu import CcApdu
from lab.conformance import mf
from lab.conformance.channels import Channels
from lab.conformance.model import US, Case, Finding, Verdict
from lab.conformance.observer import Observer
from lab.conformance.seen import Seen
from lab.conformance.tape import Tape
from lab.conformance.watched import AWAY, HOSTILE, NORMAL, WRONG, Mf
from tests.lab.conformance.us_observation import (
    PEN,
    WARRANT,
    NothingThereError,
    T,
    change,
    drop,
    keep,
    named,
    say,
    spoken,
    watched,
)

CASES = {case.id.removeprefix("MF-"): case for case in mf.CASES if set(US) & set(case.dialects)}
OPENING = named("origination")
OPEN, CLOSE = named("ccOpen", "ccopen"), named("ccClose", "ccclose")
STARTS = named("packetDataSessionStart")
DELIVERED = lambda one: bool(one.message and "deliveryInformation" in one.message.fields)  # noqa: E731
SECOND = 1_000_000


def content(one: Seen) -> bool:
    return one.content is not None


def iri(one: Seen) -> bool:
    return one.kind == "iri"


def of_warrant(one: Seen) -> bool:
    return one.liid == WARRANT and one.kind == "iri"


def broken(one: Seen) -> Seen:
    return replace(one, said=None)


def without_time(one: Seen) -> Seen:
    assert one.message is not None
    fields = {name: value for name, value in one.message.fields.items() if name not in ("timestamp", "eventTime")}
    return spoken(one, one.message._replace(fields=fields))


def at_another_time(by_us: int) -> Callable[[Seen], Seen]:
    def how(one: Seen) -> Seen:
        if isinstance(one.content, CcApdu):
            head = {**(one.content.header or {}), "timeStamp": (one.stamp_us or 0) + by_us}
            return spoken(one, one.content._replace(header=head))
        assert one.content is not None
        return spoken(one, one.content._replace(time_us=(one.stamp_us or 0) + by_us))

    return how


def of_another_case(one: Seen) -> Seen:
    assert isinstance(one.content, CcApdu) and one.content.header is not None
    correlation: Any = one.content.header["correlationInfo"]
    head = {**one.content.header, "correlationInfo": {**correlation, "caseId": "LAB-2"}}
    return spoken(one, one.content._replace(header=head))


def again(which: Callable[[Seen], bool], times: int = 1, **fields: Any) -> Callable[[Mf], None]:
    """The first of them comes more often, or, with other fields, something like it does."""

    def doctor(watch: Mf) -> None:
        first = next((one for one in watch.observer.seen if which(one)), None)
        if first is None:
            raise NothingThereError
        place = next(at for at, one in enumerate(watch.observer.seen) if one is first)
        more = say(**fields)(first) if fields else first
        keep(watch, [*watch.observer.seen[: place + 1], *[more] * times, *watch.observer.seen[place + 1 :]])

    return doctor


def swapped(watch: Mf) -> None:
    """The first two records of the warrant that did not happen at once."""
    seen = watch.observer.seen
    places = [at for at, one in enumerate(seen) if of_warrant(one)]
    first, second = next(
        (one, other) for one, other in pairwise(places)
        if (seen[one].stamp_us or 0) < (seen[other].stamp_us or 0) and seen[one].point == seen[other].point
    )  # fmt: skip
    seen[first], seen[second] = seen[second], seen[first]


def joined(**changes: Any) -> Callable[[Mf], None]:
    def doctor(watch: Mf) -> None:
        watch.observer.joined[0] = replace(watch.observer.joined[0], **changes)

    return doctor


def known(**changes: Any) -> Callable[[Mf], None]:
    """What the runner was told beforehand is something else."""

    def doctor(watch: Mf) -> None:
        for name, value in changes.items():
            setattr(watch, name, value)

    return doctor


def dropped(which: Callable[[Seen], bool], **more: Any) -> Callable[[Mf], None]:
    return lambda watch: drop(watch, which, **more)


def changed(which: Callable[[Seen], bool], how: Callable[[Seen], Seen], **more: Any) -> Callable[[Mf], None]:
    return lambda watch: change(watch, which, how, **more)


def other_call(one: Seen) -> Seen:
    assert one.message is not None
    if "contentIdentifier" in one.message.fields:
        return say(contentIdentifier=("callID", {"main": "4711"}))(one)
    return say(ccOpenOption=("ccOpenTime", [{"sequencenumber": "4711,1", "systemidentity": "x"}]))(one)


def short_address(one: Seen) -> Seen:
    assert one.message is not None
    ends = dict(one.message.fields["headerSet"])
    ends["sourceIPaddress"] = {**ends["sourceIPaddress"], "address": ("ipV4", b"\1\2\3")}
    return say(headerSet=ends)(one)


def new_connection(watch: Mf) -> None:
    watch.observer.joined.append(replace(watch.observer.joined[0], number=77))


def never_back(watch: Mf) -> None:
    watch.observer.joined = [one for one in watch.observer.joined if one.phase != AWAY]


def told_late(watch: Mf) -> None:
    keep(watch, (replace(one, time_us=one.time_us + 9 * SECOND) for one in watch.observer.seen))


def trusting(watch: Mf) -> None:
    keep(watch, [*watch.observer.seen, replace(watch.observer.seen[0], phase=WRONG)])


DOCTORED: dict[str, tuple[Callable[[Mf], None], ...]] = {
    "CON-1": (joined(by_us=False), lambda watch: watch.observer.joined.clear()),
    "BAD-1": (dropped(lambda one: True, phase=HOSTILE),),
    "FRM-1": (changed(OPENING, broken), changed(STARTS, broken), changed(content, broken)),
    "HDR-4": (known(targets={WARRANT: T}),),
    "SEQ-4": (again(iri), again(content)),
    "FLO-1": (again(iri, 20), again(content, 20)),
    "TIM-1": (changed(OPENING, without_time), changed(STARTS, without_time)),
    "TIM-3": (lambda watch: keep(watch, (replace(one, time_us=one.time_us - SECOND) for one in watch.observer.seen)),),
    "SCO-1": (known(metadata_only=frozenset({WARRANT})),),
    "TGT-1": (known(targets={WARRANT: "+19995550199", PEN: T}),),
    "TGT-2": (known(strangers=(f"+{T}",)),),
    "TLS-1": (joined(tls="TLSv1.1"),),
    "TLS-2": (joined(names=frozenset()),),
    "TLS-3": (trusting,),
    "US-ANS-1": (new_connection, lambda watch: watch.observer.seen.clear()),
    "US-RES-1": (never_back,),
    "US-RES-2": (dropped(named("release", "accessSessionEnd"), phase=AWAY), never_back),
    "US-RES-3": (
        changed(OPENING, say(called=None), phase=AWAY),
        changed(STARTS, say(accessSessionID=None), phase=AWAY),
    ),
    "US-FRM-2": (changed(of_warrant, say(caseId="L" * 30)),),
    "US-MOD-1": (changed(iri, lambda one: spoken(one, one.said._replace(module="1.2.3"))),),  # type: ignore[union-attr, call-arg]
    "US-CALL-1": (
        dropped(OPENING),
        dropped(named("release")),
        again(named("release"), iAPSystemId="elsewhere"),
        lambda watch: _behind_the_end(watch),
    ),
    "US-SES-1": (dropped(named("accessAccepted")), dropped(named("packetDataSessionEnd")), dropped(STARTS)),
    "US-CID-1": (again(OPENING, called=None), again(STARTS, iPAddress=None)),
    "US-CID-2": (changed(OPEN, other_call),),
    "US-ORD-1": (swapped,),
    "US-TIM-5": (told_late,),
    "US-SCO-2": (known(metadata_only=frozenset({WARRANT})),),
    "US-MSG-1": (changed(named("uuContent"), say(content=None)),),
    "US-PDR-1": (changed(named("packetDataHeaderReport"), short_address),),
    "US-CCC-1": (dropped(lambda one: OPEN(one) or DELIVERED(one)), lambda watch: _announced_late(watch)),
    "US-CCC-2": (changed(content, at_another_time(60 * SECOND)), changed(content, at_another_time(-60 * SECOND))),
    "US-CCC-3": (dropped(CLOSE),),
    "US-CCC-4": (lambda watch: _lost_in_the_middle(watch),),
    "US-CCC-5": (changed(content, of_another_case),),
}
"""What is done to an observation in which nothing is wrong; each has to make the case fail, in every dialect in which
there is something to do it to."""


def _behind_the_end(watch: Mf) -> None:
    answer = next(one for one in watch.observer.seen if one.name == "answer")
    end = max(at for at, one in enumerate(watch.observer.seen) if one.name == "release" and one.phase == answer.phase)
    keep(watch, [*watch.observer.seen[: end + 1], say(answering=None)(answer), *watch.observer.seen[end + 1 :]])


def _announced_late(watch: Mf) -> None:
    change(watch, lambda one: OPEN(one) or DELIVERED(one), lambda one: replace(one, time_us=one.time_us + 5 * SECOND))


def _lost_in_the_middle(watch: Mf) -> None:
    found = [one for one in watch.observer.of("normal") if content(one)]
    gone = found[len(found) // 2]
    keep(watch, (one for one in watch.observer.seen if one is not gone))


def judged(case: Case[Any], watch: Mf) -> Finding:
    return asyncio.run(case.check(watch))


def test_every_case_of_the_us_dialects_is_doctored() -> None:
    assert CASES.keys() == DOCTORED.keys()


@pytest.mark.parametrize("dialect", US)
def test_what_ours_sends_passes_every_case(dialect: str) -> None:
    watch = watched(dialect)
    found = {name: judged(case, watch) for name, case in CASES.items() if dialect in case.dialects}
    wrong = {name: one for name, one in found.items() if one.verdict is not Verdict.PASS}
    aside = {"US-CCC-5"} if dialect == "pcesp" else set()
    assert wrong.keys() == aside, wrong


@pytest.mark.parametrize("name", DOCTORED)
def test_a_case_fails_over_what_is_doctored(name: str) -> None:
    case, tried, acts = CASES[name], 0, DOCTORED[name]
    done = set[int]()
    for dialect in US:
        if dialect not in case.dialects or (name, dialect) == ("US-CCC-5", "pcesp"):
            continue
        here = 0
        for number, doctor in enumerate(acts):
            watch = watched(dialect)
            try:
                doctor(watch)
            except NothingThereError:
                continue
            assert judged(case, watch).verdict is Verdict.FAIL, (dialect, number)
            done.add(number)
            here += 1
        assert here, dialect
        tried += here
    assert done == set(range(len(acts))) and tried


@pytest.mark.parametrize("dialect", US)
def test_a_phase_that_was_not_played_makes_its_cases_inconclusive(dialect: str) -> None:
    watch = watched(dialect)
    watch.played.clear()
    found = [judged(case, watch) for case in CASES.values()]
    assert {one.verdict for one in found} == {Verdict.INCONCLUSIVE}


@pytest.mark.parametrize("dialect", US)
def test_nothing_sent_passes_nothing_but_what_needs_nothing(dialect: str) -> None:
    watch = watched(dialect)
    watch.observer.seen.clear()
    passing = {name for name, case in CASES.items() if judged(case, watch).verdict is Verdict.PASS}
    assert passing == {"CON-1", "TLS-1", "TLS-2", "TLS-3", "US-RES-1"}


def test_a_channel_is_open_from_its_announcement_to_its_close_and_a_change_opens_no_other() -> None:
    watch = watched("t1678")
    told = [one for one in watch.told() if OPEN(one) or CLOSE(one)]
    opened = next(one for one in told if OPEN(one))
    assert opened.message is not None
    change_ = spoken(opened, opened.message._replace(name="ccChange"))
    (channel,) = Channels.of([opened, change_]).every
    assert channel.closed is None and channel.liid == WARRANT
    (channel,) = Channels.of(told).every
    assert channel.closed is not None and CLOSE(channel.closed)
    anew = Channels.of([*told, change_]).every
    assert len(anew) == 2 and anew[1].closed is None


def test_content_behind_a_header_is_its_channel_s_and_content_of_nobody_is_nobody_s() -> None:
    watch = watched("pcesp")
    piece = next(one for one in watch.data() if content(one))
    assert Channels.of(watch.told()).liid_of(piece) == WARRANT and piece.liid == b""
    assert Channels.of([]).liid_of(piece) == b""


def test_content_without_numbers_passes_no_case_of_what_is_missing() -> None:
    watch = watched("ias")

    def without_number(one: Seen) -> Seen:
        assert isinstance(one.content, CcApdu)
        head = {name: value for name, value in (one.content.header or {}).items() if name != "sequenceNumber"}
        return spoken(one, one.content._replace(header=head, payload=b""))

    change(watch, content, without_number)
    found = judged(CASES["US-CCC-4"], watch)
    assert found.verdict is Verdict.INCONCLUSIVE and "not one has a number" in found.says


@pytest.mark.parametrize("dialect", US)
def test_a_packet_that_comes_twice_hides_no_loss(dialect: str) -> None:
    watch = watched(dialect)
    _lost_in_the_middle(watch)
    again(content)(watch)
    assert judged(CASES["US-CCC-4"], watch).verdict is Verdict.FAIL


@pytest.mark.parametrize("dialect", US)
def test_no_case_passes_where_there_was_no_room_for_a_record(dialect: str) -> None:
    watch = watched(dialect)
    watch.observer.left_out = 1
    found = [judged(case, watch) for case in CASES.values() if dialect in case.dialects]
    assert Verdict.PASS not in {one.verdict for one in found}
    watch.observer.joined.clear()
    assert judged(CASES["CON-1"], watch).verdict is Verdict.FAIL


@pytest.mark.parametrize("dialect", US)
def test_a_communication_that_is_lost_whole_is_seen_where_their_number_is_known(dialect: str) -> None:
    watch = watched(dialect)
    assert "cannot be told" in judged(CASES["US-RES-2"], watch).says
    watch.made = watch.ended(AWAY)
    found = judged(CASES["US-RES-2"], watch)
    assert found.verdict is Verdict.PASS and "cannot be told" not in found.says
    watch.made += 1
    assert judged(CASES["US-RES-2"], watch).verdict is Verdict.FAIL


@pytest.mark.parametrize("dialect", US)
def test_who_waits_is_told_by_counts_what_a_look_at_every_record_would_say(dialect: str) -> None:
    watch = watched(dialect)
    heard = Observer(Tape(), "ber", dialect)
    for one in watch.observer.seen:
        heard._keep(one)
    for phase in (NORMAL, AWAY, HOSTILE):
        assert heard.data[phase] == sum(bool(one.kind) or not one.framed for one in watch.observer.of(phase)) > 0
        assert heard.ended[phase] == watch.ended(phase) > 0
