"""Cases of a LEMF: we connect as a mediation function (TS 102 232-1) and judge how it takes what we send.

What a LEMF made of a record is not to be seen from outside. Where it has to cope, a case asks for a keep-alive's answer
afterwards: who answers has read on. Hostile input has to be survived: afterwards a new connection is served.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, Literal

from asn1.integrity import Chain, ChainWriter, IntegrityProfile
from lab.conformance.model import ETSI, US, Case, Finding, Verdict, does_not_apply, failed, passed, unclear
from lab.conformance.samples import Sender, appended, extended, nested, us_call, without, written
from lab.conformance.tape import Tape
from lab.conformance.wire import Wire

PART1: Final = "TS 102 232-1"
BURST: Final = 2_000
"""Records of content sent as fast as they are taken."""
FUZZED: Final = 60
_LIID: Final = 1
"""Tag of the LIID in the header."""
Alive = Literal["answered", "silent", "closed"]


@dataclass(slots=True)
class Lemf:
    """The peer, and how patient we are. `answer_s`: within which it has to answer (TIME3 of ours); `quiet_s`: how long
    we listen for what must not come. `look`: our own LEMF's status, None for a foreign one."""

    host: str
    port: int
    liid: bytes
    tape: Tape
    dialect: str = "etsi"
    tls: ssl.SSLContext | None = None
    other_tls: Callable[[str], ssl.SSLContext] | None = None
    """Contexts that are not ours: `none` (no certificate), `old` (TLS 1.1 at most), `blind` (verifies nobody)."""
    look: Callable[[], Awaitable[dict[str, Any]]] | None = None
    answer_s: float = 5.0
    quiet_s: float = 0.4
    seed: int = 1
    used: int = field(default=0)

    @property
    def behind(self) -> str:
        """What is sent behind a case's records, to see whether it goes on."""
        return "the keep-alive behind them" if self.dialect == "etsi" else "a call behind them"

    @property
    def taken(self) -> str:
        if self.dialect == "etsi":
            return "answered"
        return "taken" if self.look is None else "taken and counted"

    @property
    def sender(self) -> Sender:
        return Sender(self.liid)

    def cin(self) -> int:
        """A communication of its own for each case."""
        self.used += 1
        return 0x4000_0000 + time.time_ns() // 1_000_000 % 0x1000_0000 + self.used

    async def connect(self) -> Wire:
        """Raises OSError, TimeoutError."""
        return await Wire.open(self.host, self.port, self.tape, self.tls)

    async def alive(self, wire: Wire, number: int = 1) -> Alive:
        """What becomes of a keep-alive on this connection; in the US dialects, where nothing is ever answered, of a
        call: kept open counts, and where it is our own, that it was read."""
        if self.dialect != "etsi":
            return await self._reads(wire)
        await wire.send(self.sender.tri(number, now_us(), "keep-alive"))
        if await wire.answer("keep-aliveResponse", number, self.answer_s):
            return "answered"
        return "closed" if wire.closed else "silent"

    async def _reads(self, wire: Wire) -> Alive:
        before = None if self.look is None else _delivered(await self.look())
        await wire.send(*us_call(self.dialect, self.liid.decode(), now_us(), self.cin() & 0xFFFF_FFFF))
        if await wire.until_closed(self.quiet_s):
            return "closed"
        if self.look is not None and before is not None:
            until = time.monotonic() + self.answer_s
            while _delivered(await self.look()) <= before:
                if time.monotonic() > until:
                    return "silent"
                await asyncio.sleep(self.quiet_s / 4)
        return "answered"


def _delivered(status: dict[str, Any]) -> int:
    return sum(int(one["delivered"]) for one in status["orders"])


def now_us() -> int:
    return time.time_ns() // 1000


Records = Callable[[Lemf, int], list[bytes]]


def _takes(records: Records) -> Callable[[Lemf], Awaitable[Finding]]:
    """It reads on behind these records."""

    async def check(peer: Lemf) -> Finding:
        made = records(peer, peer.cin())
        async with await peer.connect() as wire:
            await wire.send(*made)
            found = await peer.alive(wire)
        if found == "closed":
            return failed(f"it ended the connection behind {len(made)} records of the kind")
        if found == "silent":
            return failed(f"{peer.behind} was not answered within {peer.answer_s:g} s")
        return passed(f"{len(made)} records sent; {peer.behind} was {peer.taken}")

    return check


Probe = Callable[[dict[str, Any]], int]


def _notices(records: Records, what: str, probe: Probe) -> Callable[[Lemf], Awaitable[Finding]]:
    """It reads on behind them and, where it is our own, it has noticed."""
    reads_on = _takes(records)

    async def check(peer: Lemf) -> Finding:
        before = None if peer.look is None else probe(await peer.look())
        found = await reads_on(peer)
        if found.verdict is not Verdict.PASS:
            return found
        if peer.look is None or before is None:
            return passed(f"{found.says}; what it made of them is not to be seen from outside")
        until = time.monotonic() + peer.answer_s
        while probe(await peer.look()) <= before:
            if time.monotonic() > until:
                return failed(f"{found.says}; but it did not notice {what}")
            await asyncio.sleep(peer.quiet_s / 4)
        return passed(f"{found.says}; it noticed {what}")

    return check


def _reasons(name: str) -> Probe:
    def probe(status: dict[str, Any]) -> int:
        return sum(int(one["reasons"].get(name, 0)) for one in status["orders"])

    return probe


def _checks(status: dict[str, Any]) -> list[dict[str, Any]]:
    found = (link["handover"]["integrity"] for link in status["links"])
    return [one for one in found if one is not None]


def _wrong(status: dict[str, Any]) -> int:
    return sum(int(one["findings"].get("wrong_hash", 0)) for one in _checks(status))


def _right(status: dict[str, Any]) -> int:
    return sum(int(one["hashes_right"]) for one in _checks(status))


def _survives(octets: Callable[[Lemf], list[bytes]]) -> Callable[[Lemf], Awaitable[Finding]]:
    """Afterwards a new connection is served, whatever became of this one."""

    async def check(peer: Lemf) -> Finding:
        made = octets(peer)
        async with await peer.connect() as wire:
            await wire.send(*made)
            closed = await wire.until_closed(peer.quiet_s)
            wire.abort()
        word = "it ended that connection" if closed else "it waited for more"
        return await _served(peer, f"{sum(map(len, made))} octets sent; {word}")

    return check


async def _served(peer: Lemf, before: str) -> Finding:
    try:
        async with await peer.connect() as wire:
            found = await peer.alive(wire)
    except (OSError, TimeoutError) as error:
        return failed(f"{before}; a new connection was not taken: {type(error).__name__}")
    if found != "answered":
        return failed(f"{before}; on a new connection {peer.behind} was not {peer.taken} ({found})")
    return passed(f"{before}; a new connection was served")


# ---- connection


async def _quiet(peer: Lemf) -> Finding:
    async with await peer.connect() as wire:
        heard = await wire.hear(peer.quiet_s)
        if heard is not None:
            return failed(f"it said {heard.tri or 'something that is no TRI'} without having been asked")
        if wire.closed:
            return failed("it ended the connection before anything was said")
    return passed(f"it listened for {peer.quiet_s:g} s and said nothing")


async def _several(peer: Lemf) -> Finding:
    wires = [await peer.connect() for _ in range(3)]
    try:
        found = [await peer.alive(wire, number) for number, wire in enumerate(wires, 1)]
    finally:
        for wire in wires:
            wire.abort()
    if found != ["answered"] * 3:
        return failed(f"three connections at once: {', '.join(found)}")
    return passed("three connections at once were served")


async def _again(peer: Lemf) -> Finding:
    for _ in range(5):
        async with await peer.connect() as wire:
            await wire.send(_one(peer, peer.cin()))
            wire.abort()
    return await _served(peer, "five connections reset in the middle")


# ---- keep-alive


async def _keepalive(peer: Lemf) -> Finding:
    async with await peer.connect() as wire:
        began = time.monotonic()
        found = await peer.alive(wire, 7)
        took = time.monotonic() - began
    if found != "answered":
        return failed(f"keep-alive 7 was not answered within {peer.answer_s:g} s ({found})")
    return passed(f"answered with its number after {took * 1000:.0f} ms")


async def _keepalives(peer: Lemf) -> Finding:
    numbers = [1, 2, 3, 0xFFFF_FFFF, 0]
    async with await peer.connect() as wire:
        await wire.send(*(peer.sender.tri(number, now_us(), "keep-alive") for number in numbers))
        found: list[int] = []
        while len(found) < len(numbers) and (heard := await wire.hear(peer.answer_s)) is not None:
            if heard.tri == "keep-aliveResponse":
                found.append(heard.number)
    if found != numbers:
        return failed(f"keep-alives {numbers} were answered with {found}")
    return passed("five keep-alives answered, each with its number, in their order")


async def _stamped(peer: Lemf) -> Finding:
    async with await peer.connect() as wire:
        sent_us = now_us()
        await wire.send(peer.sender.tri(1, sent_us - 3_600_000_000, "keep-alive"))
        heard = await wire.answer("keep-aliveResponse", 1, peer.answer_s)
    if heard is None or heard.pdu is None:
        return failed("the keep-alive was not answered")
    time_us = heard.pdu.header.time_us
    if time_us is None:
        return failed("the answer has no time")
    if time_us <= sent_us - 3_599_000_000:
        return failed("the answer repeats the request's time instead of its own")
    return passed("the answer has a time of its own")


# ---- options and acknowledgement


async def _negotiate(peer: Lemf, wire: Wire) -> tuple[list[str], list[str]] | None:
    """What it accepted and declined; None without an answer."""
    asked = {"requestedOptions": [("pDUAcknowledgement", None)]}
    await wire.send(peer.sender.tri(1, now_us(), "optionRequest", asked))
    heard = await wire.answer("optionResponse", 1, peer.answer_s)
    if heard is None or heard.pdu is None:
        return None
    value = heard.pdu.payload[1][1]
    return [one for one, _ in value["acceptedOptions"]], [one for one, _ in value["declinedOptions"]]


async def _option(peer: Lemf) -> Finding:
    async with await peer.connect() as wire:
        found = await _negotiate(peer, wire)
        if found is None:
            state = await peer.alive(wire, 2)
            if state == "answered":
                return unclear("it passes over the request: negotiation is due only where it is required (6.3.5)")
            return failed(f"the request was not answered, and the connection is {state}")
    accepted, declined = found
    if accepted + declined != ["pDUAcknowledgement"]:
        return failed(f"pDUAcknowledgement was asked for; accepted {accepted}, declined {declined}")
    return passed(f"pDUAcknowledgement {'accepted' if accepted else 'declined'}")


async def _acknowledging(peer: Lemf, wire: Wire) -> Finding | None:
    """None when acknowledgement is agreed on."""
    found = await _negotiate(peer, wire)
    if found is None or not found[0]:
        return does_not_apply("it does not grant pDUAcknowledgement")
    await wire.send(peer.sender.tri(2, now_us(), "optionComplete"))
    return None


async def _acknowledges(peer: Lemf) -> Finding:
    async with await peer.connect() as wire:
        if (refused := await _acknowledging(peer, wire)) is not None:
            return refused
        cin = peer.cin()
        await wire.send(*(peer.sender.cc(peer.sender.header(one, now_us(), cin)) for one in range(20)))
        await wire.send(peer.sender.tri(9, now_us(), "pDUAcknowledgementRequest"))
        if not await wire.answer("pDUAcknowledgementResponse", 9, peer.answer_s):
            return failed("pDUAcknowledgementRequest 9 was not answered with its number")
    return passed("answered with the number of the request, behind twenty records")


async def _burst(peer: Lemf) -> Finding:
    """What is slow here is the reader; answers may wait for the disk."""
    cin = peer.cin()
    records = [peer.sender.cc(peer.sender.header(one, now_us(), cin), 640) for one in range(BURST)]
    async with await peer.connect() as wire:
        began = time.monotonic()
        try:
            async with asyncio.timeout(peer.answer_s):
                await wire.send(*records)
        except TimeoutError:
            return failed(f"{BURST} records were not even read within {peer.answer_s:g} s")
        found = await peer.alive(wire)
        took = time.monotonic() - began
    if found != "answered":
        return failed(f"{BURST} records, and the keep-alive behind them was not answered in time ({found})")
    return passed(f"{BURST} records of content read and answered for within {took:.1f} s")


async def _unagreed(peer: Lemf) -> Finding:
    async with await peer.connect() as wire:
        await wire.send(peer.sender.tri(5, now_us(), "pDUAcknowledgementRequest"))
        heard = await wire.hear(peer.quiet_s)
        if heard is not None and heard.tri == "pDUAcknowledgementResponse":
            return failed("it acknowledges though nothing was agreed on")
        found = await peer.alive(wire, 6)
    return passed("it answers no request that was not agreed on, and goes on") if found == "answered" else failed(found)


# ---- records


def _call(peer: Lemf, cin: int) -> list[bytes]:
    if peer.dialect != "etsi":
        return us_call(peer.dialect, peer.liid.decode(), now_us(), cin & 0xFFFF_FFFF)
    at, made = now_us(), peer.sender
    kinds = (("begin", "INVITE"), ("continue", "ACK"), ("end", "BYE"))
    return [made.iri(made.header(one, at + one, cin), *kind) for one, kind in enumerate(kinds)]


def _numbers(*numbers: int) -> Records:
    def records(peer: Lemf, cin: int) -> list[bytes]:
        return [peer.sender.cc(peer.sender.header(one, now_us(), cin)) for one in numbers]

    return records


def _one(peer: Lemf, cin: int) -> bytes:
    if peer.dialect != "etsi":
        return us_call(peer.dialect, peer.liid.decode(), now_us(), cin & 0xFFFF_FFFF)[0]
    return peer.sender.iri(peer.sender.header(0, now_us(), cin))


def _versions(peer: Lemf, cin: int) -> list[bytes]:
    return [
        peer.sender.cc(peer.sender.header(number, now_us(), cin, version))
        for number, version in enumerate((15, 22, 40, 43, 44))
    ]


def _tris(*names: str) -> Records:
    values: dict[str, Any] = {"paddingPDU": bytes(300)}
    values["operatorLeaMessage"] = {"messagePriority": "informational", "message": b"SIMULATION: conformance"}

    def records(peer: Lemf, cin: int) -> list[bytes]:
        return [peer.sender.tri(one, now_us(), name, values.get(name), cin) for one, name in enumerate(names)]

    return records


def _segments(peer: Lemf, cin: int) -> list[bytes]:
    made, at = peer.sender, now_us()
    return [
        made.tri(0, at, "firstSegmentFlag", cin=cin),
        *(made.cc(made.header(one, at, cin)) for one in range(3)),
        made.tri(2, at, "lastSegmentFlag", cin=cin),
    ]


def _checked(wrong: bool) -> Records:
    def records(peer: Lemf, cin: int) -> list[bytes]:
        made, at = peer.sender, now_us()
        chain = ChainWriter(Chain(peer.liid, cin, 1), IntegrityProfile())
        sent = []
        for number in range(4):
            octets = made.cc(made.header(number, at, cin))
            chain.record(number, octets, at)
            sent.append(octets)
        check = chain.hash(at)
        assert check is not None, "four records"
        value = dict(check.value)
        if wrong:
            value["checkValue"] = bytes(32)
        return [*sent, made.tri(check.number, at, "integrityCheck", value, cin)]

    return records


async def _dribbled(peer: Lemf) -> Finding:
    octets = _one(peer, peer.cin())
    async with await peer.connect() as wire:
        for at in range(0, len(octets), 7):
            await wire.send(octets[at : at + 7])
            await asyncio.sleep(0)
        found = await peer.alive(wire, 3)
    return (
        passed("a record in pieces of seven octets was read")
        if found == "answered"
        else failed(f"the connection was {found} behind it")
    )


async def _stays_open(peer: Lemf) -> Finding:
    """A link that is cut shows here."""
    async with await peer.connect() as wire:
        for number in (1, 2, 3):
            found = await peer.alive(wire, number)
            if found != "answered":
                return failed(f"after {number - 1} answers the connection was {found}")
            if await wire.until_closed(peer.quiet_s / 2):
                return failed(f"it was ended after {number} answers")
    return passed("it stayed open over three keep-alives")


async def _never_answers(peer: Lemf) -> Finding:
    async with await peer.connect() as wire:
        await wire.send(*_call(peer, peer.cin()))
        heard = await wire.hear(peer.quiet_s)
    return (
        passed("a call was sent and nothing came back")
        if heard is None
        else failed(f"it answered with {len(heard.octets)} octets")
    )


async def _repeated(peer: Lemf) -> Finding:
    made = _call(peer, peer.cin())
    for _ in range(2):
        async with await peer.connect() as wire:
            await wire.send(*made)
            if await wire.until_closed(peer.quiet_s):
                return failed("it ended the connection")
    return await _served(peer, "the same call on two connections")


# ---- input that is no record


def _fuzzed(peer: Lemf) -> list[bytes]:
    random = Random(peer.seed)  # noqa: S311  to be repeated
    made = []
    for _ in range(FUZZED):
        octets = bytearray(_one(peer, 2))
        for _ in range(random.randint(1, 8)):
            # Behind the outer head, so that most of them are still framed.
            octets[random.randrange(4, len(octets))] = random.randrange(256)
        made.append(bytes(octets))
    return made


# ---- TLS


def _with_tls(check: Callable[[Lemf], Awaitable[Finding]]) -> Callable[[Lemf], Awaitable[Finding]]:
    async def checked(peer: Lemf) -> Finding:
        if peer.tls is None or peer.other_tls is None:
            return does_not_apply("the link is without TLS")
        return await check(peer)

    return checked


async def _tls_version(peer: Lemf) -> Finding:
    async with await peer.connect() as wire:
        version = "" if wire.tls is None else wire.tls.version() or ""
    return passed(f"{version} is spoken") if version in ("TLSv1.2", "TLSv1.3") else failed(f"{version or 'no TLS'}")


_OURS: Final = frozenset({"NO_PROTOCOLS_AVAILABLE", "NO_CIPHERS_AVAILABLE", "NO_CIPHER_MATCH"})
"""Why a handshake fails before the peer has said anything."""


async def _refuses(peer: Lemf, context: ssl.SSLContext | None, what: str) -> Finding:
    try:
        async with await Wire.open(peer.host, peer.port, peer.tape, context) as wire:
            # With TLS 1.3 a client learns what the server thinks of it with the first octets.
            found = await peer.alive(wire)
    except ssl.SSLError as error:
        if error.reason in _OURS:
            return unclear(f"this machine's own TLS does not speak it: {error.reason}")
        return passed(f"{what} is refused ({error.reason or type(error).__name__})")
    except (OSError, TimeoutError) as error:
        return passed(f"{what} is refused ({type(error).__name__})")
    return failed(f"{what} is served") if found == "answered" else passed(f"{what} is not served ({found})")


async def _tls_old(peer: Lemf) -> Finding:
    assert peer.other_tls is not None, "looked at before"
    return await _refuses(peer, peer.other_tls("old"), "TLS 1.1")


async def _tls_anonymous(peer: Lemf) -> Finding:
    assert peer.other_tls is not None, "looked at before"
    return await _refuses(peer, peer.other_tls("none"), "who shows no certificate")


async def _tls_plain(peer: Lemf) -> Finding:
    return await _refuses(peer, None, "who speaks no TLS")


async def _tls_chain(peer: Lemf) -> Finding:
    try:
        async with await peer.connect():
            return passed("its certificate leads to the root that the run names, and is for this host")
    except ssl.SSLCertVerificationError as error:
        if "expired" in error.verify_message:
            return passed("the chain is right; that its time is over is another case's")
        return failed(f"its certificate is not believed: {error.verify_message}")


async def _tls_valid(peer: Lemf) -> Finding:
    try:
        async with await peer.connect():
            return passed("its certificate is valid today")
    except ssl.SSLCertVerificationError as error:
        if "expired" in error.verify_message or "not yet valid" in error.verify_message:
            return failed(error.verify_message)
        return unclear(f"another thing is wrong with it: {error.verify_message}")


def _case(
    name: str, title: str, clause: str, evidence: Literal["S", "P", "I", "A"],
    check: Callable[[Lemf], Awaitable[Finding]], fault: str = "",
) -> Case[Lemf]:  # fmt: skip
    dialects = ETSI + US if name in _COMMON else US if name in _US_ALONE else ETSI
    text = "US dialects: " if name in _US_ALONE else f"{PART1} "
    return Case(f"LEMF-{name}", title, text + clause, evidence, check, dialects, fault)


_COMMON: Final = frozenset({
    "CON-1", "CON-2", "CON-3", "CON-4", "FRM-1", "FRM-3", "BER-1", "BER-2", "BAD-1", "BAD-2", "BAD-4", "BAD-5", "BAD-6",
    "TLS-1", "TLS-2", "TLS-3", "TLS-4", "TLS-5", "TLS-6",
})  # fmt: skip
"""Of every dialect; the clause is that of TS 102 232-1, and elsewhere the same is assumed."""
_US_ALONE: Final = frozenset({"US-1", "US-2", "US-3"})


CASES: Final[tuple[Case[Lemf], ...]] = (
    _case("CON-1", "Takes a connection and says nothing unasked", "6.3.2", "I", _quiet),
    _case("CON-2", "Keeps the connection while it is used", "6.3.2", "P", _stays_open),
    _case("CON-3", "Serves several connections at once", "6.3.1", "A", _several),
    _case("CON-4", "Serves a peer that comes back again and again", "6.3.2", "P", _again),
    _case("KA-1", "Answers a keep-alive with its number, in time", "6.3.4", "P", _keepalive, "half_open"),
    _case("KA-2", "Answers every keep-alive, in order, over the wrap of the number", "6.3.4", "P", _keepalives),
    _case("KA-3", "Stamps the answer with its own time", "6.3.4", "P", _stamped),
    _case("OPT-1", "Accepts or declines the option asked for", "6.3.5", "S", _option),
    _case("ACK-1", "Acknowledges with the number of the request", "6.3.6", "A", _acknowledges),
    _case("ACK-2", "Acknowledges nothing that was not agreed on", "6.3.5", "A", _unagreed),
    _case("FLO-1", "Reads a burst and answers in time", "6.3.4", "A", _burst, "slow_reader"),
    _case("FRM-1", "Reads a call: begin, continue, end", "module, IRIPayload", "S", _takes(_call)),
    _case("FRM-2", "Reads content", "module, CCPayload", "S", _takes(_numbers(0, 1, 2))),
    _case("FRM-3", "Reads a record that comes in pieces", "6.3.1", "P", _dribbled),
    _case("FRM-4", "Reads several payloads in one record", "6.2.3", "S",
          _takes(lambda peer, cin: [peer.sender.aggregated(peer.sender.header(0, now_us(), cin), 5)])),
    _case("BER-1", "Reads indefinite lengths", "module, X.690 8.1.3.6", "I",
          _takes(lambda peer, cin: [written(_one(peer, cin), "indefinite")])),
    _case("BER-2", "Reads lengths in a longer form than needed", "module, X.690 8.1.3.5", "I",
          _takes(lambda peer, cin: [written(_one(peer, cin), "padded")])),
    _case("EXT-1", "Passes over an unknown field of the header", "module, extension marker", "S",
          _takes(lambda peer, cin: [extended(_one(peer, cin), "header")])),
    _case("EXT-2", "Passes over an unknown field of the record", "module, extension marker", "A",
          _takes(lambda peer, cin: [extended(_one(peer, cin), "payload")])),
    _case("EXT-3", "Reads other versions of the module", "module, li-psDomainId", "S", _takes(_versions)),
    _case("SEQ-1", "Goes on behind a gap in the numbers", "5.2.5", "P",
          _notices(_numbers(0, 1, 5, 6), "the gap", _reasons("GAP_DETECTED"))),
    _case("SEQ-2", "Goes on over the wrap of the number", "5.2.5", "S",
          _takes(_numbers(0xFFFF_FFFE, 0xFFFF_FFFF, 0, 1))),
    _case("SEQ-3", "Copes with a record that comes again", "6.3.3 note 2", "P", _notices(
        lambda peer, cin: [peer.sender.cc(peer.sender.header(0, 1_700_000_000_000_000, cin))] * 3, "the repeats",
        _reasons("DUPLICATE"))),
    _case("TRI-1", "Discards test and padding PDUs", "module, TRIPayload", "S", _takes(_tris("testPDU", "paddingPDU"))),
    _case("TRI-2", "Takes a CIN reset and an operator's message", "module, TRIPayload", "S",
          _takes(_tris("cINReset", "operatorLeaMessage"))),
    _case("TRI-3", "Takes segment flags around content", "module, TRIPayload", "I", _takes(_segments)),
    _case("INT-1", "Takes an integrity check that is right", "7.2.3", "S",
          _notices(_checked(False), "that it is right", _right)),
    _case("INT-2", "Goes on behind an integrity check that is wrong", "7.2.3", "A",
          _notices(_checked(True), "the wrong hash", _wrong)),
    _case("HI1-1", "Takes notifications of HI1", "HI1NotificationOperations", "S", _takes(
        lambda peer, cin: [peer.sender.notice(0, now_us(), name) for name in ("liActivated", "liModified",
                                                                              "liDeactivated")])),
    _case("BAD-1", "Survives octets that are no record", "6.3.1", "A",
          _survives(lambda peer: [b"GET / HTTP/1.1\r\n\r\n"])),
    _case("BAD-2", "Survives a record that is cut off", "6.3.1", "A", _survives(lambda peer: [_one(peer, 3)[:50]])),
    _case("BAD-3", "Survives a header without a LIID", "5.2.2", "A",
          _survives(lambda peer: [without(_one(peer, 1), _LIID)])),
    _case("BAD-4", "Survives a length beyond all bounds", "X.690 8.1.3", "A",
          _survives(lambda peer: [b"\x30\x88\x7f\xff\xff\xff\xff\xff\xff\xff" + bytes(4_096)])),
    _case("BAD-5", "Survives values inside each other without end", "X.690 8.1.3.6", "A",
          _survives(lambda peer: [nested(20_000)])),
    _case("BAD-6", "Survives records with octets changed at random", "module", "A", _survives(_fuzzed)),
    _case("US-1", "Answers nothing", "no answer is defined", "A", _never_answers),
    _case("US-2", "Passes over an unknown field of a message", "module, extension marker", "A",
          _takes(lambda peer, cin: [appended(one) for one in _call(peer, cin)])),
    _case("US-3", "Copes with messages that come again behind a reconnect", "no acknowledgement is defined", "A",
          _repeated),
    _case("TLS-1", "Speaks TLS 1.2 or newer", "6.4", "P", _with_tls(_tls_version)),
    _case("TLS-2", "Shows a certificate that leads to the agreed root", "6.4", "P", _with_tls(_tls_chain),
          "wrong_certificate"),
    _case("TLS-3", "Shows a certificate that is valid", "6.4", "P", _with_tls(_tls_valid), "expired_certificate"),
    _case("TLS-4", "Refuses TLS 1.1", "6.4", "P", _with_tls(_tls_old)),
    _case("TLS-5", "Refuses who shows no certificate", "6.4", "A", _with_tls(_tls_anonymous)),
    _case("TLS-6", "Refuses who speaks no TLS", "6.4", "A", _with_tls(_tls_plain)),
)  # fmt: skip
