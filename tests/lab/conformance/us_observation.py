"""What a LEMF sees of a mediation function in a US dialect, without a socket: the converter's own records, as heard."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from carrier_sim.subscribers import Identity
from lab.conformance.observer import Joined, Observer
from lab.conformance.seen import Said, Seen, content_of, said_of
from lab.conformance.tape import Tape
from lab.conformance.watched import AWAY, HOSTILE, NORMAL, PHASES, Mf
from lab.dialects import FORMS
from tests.mediation.laes.played import A, T, convert, order, pdus, play

WARRANT, PEN, HOST = b"LAB-1", b"LAB-2", b"LAB-3"
STRANGER = "+12125550199"
LATE_US = 10_000
"""How long behind its event each record comes."""


def items(dialect: str, at_s: float) -> list[dict[str, Any]]:
    if dialect == "ias":
        return [{"kind": "data", "subscriber": T, "seconds": 1, "packets": 14, "access": True, "at_s": at_s}]
    return [
        {"kind": "call", "caller": T, "callee": A, "seconds": 2, "ring_s": 1, "sound": "tone", "dtmf": "7",
         "info_digits": "9", "at_s": at_s},
        {"kind": "sms", "from": T, "to": A, "text": "SIMULATION", "via": "ims", "at_s": at_s},
    ]  # fmt: skip


def made(dialect: str, phase: str = NORMAL, at_s: float = 1) -> list[Seen]:
    """Of a warrant, of a pen register and, where packets are told of, of one on a host."""
    form = FORMS[dialect]
    services = ["DATA"] if dialect == "ias" else ["VOICE", "SMS"]
    pen = order("PRTT", liid=PEN.decode(), services=services)
    parts = [play(dialect, items(dialect, at_s), ccc={"port": 2, "form": form}),
             play(dialect, items(dialect, at_s), pen)]  # fmt: skip
    if dialect == "ias":
        visit = [{"kind": "web", "visitors": [A], "at_s": at_s}]
        on_host = order("PRTT", "ipv4Address:192.0.2.80", liid=HOST.decode())
        parts.append(convert(dialect, pdus(visit, Identity("ipv4Address", "192.0.2.80"), content=False), on_host))
    number = 1 + PHASES.index(phase)
    found = [
        Seen(0, "cdc", number, phase, one, None, said=said_of(one, dialect)) for part in parts for one in part.octets
    ]
    found += [Seen(0, "ccc", 100 + number, phase, one, None, said=content_of(one, form)) for one in parts[0].datagrams]
    return sorted((replace(one, time_us=(one.stamp_us or 0) + LATE_US) for one in found), key=lambda one: one.time_us)


def watched(dialect: str) -> Mf:
    """A run in which nothing is wrong."""
    observer = Observer(Tape(), "ber", dialect, FORMS[dialect], ports={"cdc": 1}, refused=1)
    normal = made(dialect)
    observer.seen = [
        *normal,
        # What was sent comes again on every new connection.
        *(replace(one, phase=AWAY, connection=1 + PHASES.index(AWAY)) for one in normal if one.kind == "iri"),
        *made(dialect, AWAY, 101),
        *made(dialect, HOSTILE, 201),
    ]
    observer.joined = [
        Joined(1 + PHASES.index(phase), "cdc", phase, 0, "TLSv1.3", frozenset({"mediation"}), ended=True, by_us=True)
        for phase in (NORMAL, AWAY, HOSTILE)
    ]
    targets = {WARRANT: T, PEN: T} | ({HOST: ""} if dialect == "ias" else {})
    return Mf(
        observer, set(PHASES), targets, frozenset(targets) - {WARRANT}, (STRANGER,), tls=True, skew_s=0.2, late_s=8.0
    )


class NothingThereError(Exception):
    """The dialect has no such message to be doctored."""


def named(*names: str) -> Callable[[Seen], bool]:
    return lambda one: one.name in names


def keep(mf: Mf, found: Iterable[Seen]) -> None:
    mf.observer.seen = list(found)


def drop(mf: Mf, which: Callable[[Seen], bool], phase: str = NORMAL, first: bool = False) -> None:
    """Take records of a phase away, or the first of them alone. Raises NothingThereError."""
    hit = [one for one in mf.observer.seen if one.phase == phase and which(one)]
    if not hit:
        raise NothingThereError
    gone = hit[:1] if first else hit
    keep(mf, (one for one in mf.observer.seen if not any(one is other for other in gone)))


def change(mf: Mf, which: Callable[[Seen], bool], how: Callable[[Seen], Seen], phase: str = NORMAL) -> None:
    """Put something else in the place of records of a phase. Raises NothingThereError."""
    if not any(one.phase == phase and which(one) for one in mf.observer.seen):
        raise NothingThereError
    keep(mf, (how(one) if one.phase == phase and which(one) else one for one in mf.observer.seen))


def say(**fields: Any) -> Callable[[Seen], Seen]:
    """The message with other fields; a field of None is taken away."""

    def how(one: Seen) -> Seen:
        assert one.message is not None
        held = {name: value for name, value in {**one.message.fields, **fields}.items() if value is not None}
        return spoken(one, one.message._replace(fields=held))

    return how


def spoken(one: Seen, said: Said) -> Seen:
    """As if it said that, in octets of its own."""
    return replace(one, said=said, octets=one.octets + b"\0")
