"""One run of one role: the peer made ready (our own, or foreign equipment by its address), its cases, its verdicts."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from lab.conformance import lemf, mf, mf_play, ne, own
from lab.conformance.model import Case, Result, Role, Run
from lab.conformance.observer import Observer
from lab.conformance.run import FILES, Tell, run_cases
from lab.conformance.seen import APDU
from lab.conformance.tape import Files, Tape, write
from lab.stack import Stack
from mediation.runtime.config import TlsConfig
from mediation.runtime.exchange import Endpoint
from mediation.runtime.tls import client_context, peer_name, server_context

Place = tuple[str, int]
Ask = Callable[[str], None]
OWN: Final = "our own stack"
ETSI_SKEW_S: Final = 5.0
OWN_PATIENCE: Final = mf_play.Patience(quiet_s=0.6, most_s=20.0, reconnect_s=20.0, away_s=1.0, ends=own.US_ENDS)


@dataclass(frozen=True, slots=True)
class Foreign:
    """Equipment of somebody else. `peer`: its address (role lemf and ne); `listen`: where we are for it (mf and ne;
    with `listen_hi3` for a link of its own; in the US dialects content comes there as datagrams of the form `ccc`).
    `tls`: our certificate and the root of its own; none without TLS.
    `wait_s`: how long somebody may take to let it deliver."""

    peer: Place | None = None
    listen: Place | None = None
    listen_hi3: Place | None = None
    ccc: str = APDU
    tls: TlsConfig | None = None
    liid: str = own.LIID
    targets: tuple[tuple[str, str], ...] = ()
    metadata_only: tuple[str, ...] = ()
    ne_id: str = "ne-sim-1"
    admf_id: str = "admf-sim-1"
    wait_s: float = 120.0
    keepalive_s: float = 300.0
    answer_s: float = 60.0
    """TIME3 of TS 102 232-1: how long an answer may take."""


def own_run(role: Role, dialect: str, data: Path, out: Path, tell: Tell) -> Run:
    """Against our own stack, which is started in `data` and ended again. Raises LabError when it does not start."""
    tape, began = Tape(), time.monotonic()
    if role == "lemf":
        with own.own_lemf(data, tape, dialect) as (peer, _):
            results = asyncio.run(run_cases(lemf.CASES, peer, tape, dialect, out, tell))
    elif role == "mf":
        made = own.own_mf(data, tape) if dialect == "etsi" else own.own_us_mf(data, tape, dialect)
        with made as (watched, stack):
            results = asyncio.run(_own_mf(watched, stack, dialect, out, tell))
    else:
        with own.own_ne(data, tape) as (element, _):
            results = asyncio.run(_ne(element, ("127.0.0.1", 0), dialect, out, tell))
    return Run(role, OWN, dialect, results, time.monotonic() - began, out)


async def _own_mf(watched: mf.Mf, stack: Stack, dialect: str, out: Path, tell: Tell) -> tuple[Result, ...]:
    etsi = dialect == "etsi"
    await watched.observer.start(
        "127.0.0.1", own.ports_of(stack, dialect), own.lemf_tls(stack) if watched.tls else None,
        {} if etsi else own.datagram_ports_of(stack, dialect),
    )  # fmt: skip
    trigger = own.own_traffic(stack) if etsi else own.own_us_traffic(stack, dialect)
    wrong = own.wrong_tls(stack) if watched.tls else None
    return await _mf(watched, trigger, OWN_PATIENCE, wrong, dialect, out, tell)


async def _mf(
    watched: mf.Mf, trigger: mf_play.Trigger, patience: mf_play.Patience, wrong: ssl.SSLContext | None, dialect: str,
    out: Path, tell: Tell,
) -> tuple[Result, ...]:  # fmt: skip
    try:
        if dialect == "etsi":
            await mf_play.normal(watched, trigger, patience)
            await mf_play.others(watched, trigger, patience, wrong)
        else:
            await mf_play.us(watched, trigger, patience, wrong)
    finally:
        await watched.observer.stop()
    written: dict[str, Files] = {}

    def files(case: Case[mf.Mf]) -> Files:
        """Those of the phase: what a mediation function sent is judged by many cases."""
        phase = mf.phase_of(case)
        if phase not in written:
            name = f"MF-{phase.replace(' ', '-')}"
            written[phase] = write(out / FILES, name, watched.observer.said(phase), dialect)
        return written[phase]

    return await run_cases(mf.CASES, watched, watched.observer.tape, dialect, out, tell, files=files)


async def _ne(element: ne.Ne, listen: Place, dialect: str, out: Path, tell: Tell) -> tuple[Result, ...]:
    await element.observer.start(listen[0], {ne.LINK: listen[1]}, None)
    element.address = (listen[0], element.observer.ports[ne.LINK])
    try:
        return await run_cases(ne.CASES, element, element.tape, dialect, out, tell, decoder=ne.LINK)
    finally:
        await element.observer.stop()


def foreign_run(role: Role, dialect: str, foreign: Foreign, out: Path, tell: Tell, ask: Ask) -> Run:
    """Against foreign equipment. `ask` tells somebody what to let it do. Raises ConfigError, NotReadyError."""
    tape, began = Tape(), time.monotonic()
    if role == "lemf":
        assert foreign.peer is not None, "the command line has looked"
        results = asyncio.run(run_cases(lemf.CASES, _foreign_lemf(foreign, dialect, tape), tape, dialect, out, tell))
        peer = _text(foreign.peer)
    elif role == "mf":
        results = asyncio.run(_foreign_mf(foreign, tape, dialect, out, tell, ask))
        peer = f"who connects to {_text(foreign.listen)}"
    else:
        assert foreign.listen is not None, "the command line has looked"
        element = _foreign_ne(foreign, tape, ask)
        results = asyncio.run(_ne(element, foreign.listen, dialect, out, tell))
        peer = _text(foreign.peer)
    return Run(role, peer, dialect, results, time.monotonic() - began, out)


def _text(place: Place | None) -> str:
    return "?" if place is None else f"{place[0]}:{place[1]}"


def _foreign_lemf(foreign: Foreign, dialect: str, tape: Tape) -> lemf.Lemf:
    assert foreign.peer is not None, "the command line has looked"
    others = own.other_tls(foreign.tls) if foreign.tls is not None else None
    return lemf.Lemf(
        *foreign.peer, foreign.liid.encode(), tape, dialect,
        tls=client_context(foreign.tls) if foreign.tls is not None else None,
        other_tls=(lambda name: others[name]) if others is not None else None,
        answer_s=foreign.answer_s,
    )  # fmt: skip


async def _foreign_mf(
    foreign: Foreign, tape: Tape, dialect: str, out: Path, tell: Tell, ask: Ask
) -> tuple[Result, ...]:
    assert foreign.listen is not None, "the command line has looked"
    etsi = dialect == "etsi"
    watched = mf.Mf(
        Observer(tape) if etsi else Observer(tape, "ber", dialect, foreign.ccc),
        targets={liid.encode(): number for liid, number in foreign.targets},
        metadata_only=frozenset(liid.encode() for liid in foreign.metadata_only),
        tls=foreign.tls is not None,
        keepalive_s=foreign.keepalive_s,
        skew_s=ETSI_SKEW_S if etsi else own.US_SKEW_S,
    )
    ports = {"hi2" if etsi else "cdc": foreign.listen[1]}
    datagrams: dict[str, int] = {}
    if foreign.listen_hi3 is not None:
        (ports if etsi else datagrams)["hi3" if etsi else "ccc"] = foreign.listen_hi3[1]
    tls = server_context(foreign.tls) if foreign.tls is not None else None
    await watched.observer.start(foreign.listen[0], ports, tls, datagrams)
    patience = mf_play.Patience(quiet_s=5.0, most_s=foreign.wait_s, reconnect_s=foreign.wait_s)
    wrong = own.wrong_context(out / "wrong-ca", foreign.tls) if foreign.tls is not None else None
    return await _mf(watched, _asking(ask, dialect), patience, wrong, dialect, out, tell)


def _asking(ask: Ask, dialect: str = "etsi") -> Callable[[str], Awaitable[None]]:
    async def trigger(phase: str) -> None:
        what = "begin and end a short session" if dialect == "ias" else "make a short call and send a message"
        ask(f"{phase}: let the target {what} now")

    return trigger


def _foreign_ne(foreign: Foreign, tape: Tape, ask: Ask) -> ne.Ne:
    assert foreign.peer is not None and foreign.targets, "the command line has looked"
    scheme = "https" if foreign.tls is not None else "http"
    host = f"[{foreign.peer[0]}]" if ":" in foreign.peer[0] else foreign.peer[0]
    context = client_context(foreign.tls) if foreign.tls is not None else None
    endpoint = Endpoint(f"{scheme}://{host}:{foreign.peer[1]}/X1/NE", context, peer_name(foreign.ne_id))
    nobody = None
    if foreign.tls is not None:
        nobody = replace(endpoint, tls=ssl.create_default_context(cafile=foreign.tls.ca))
    return ne.Ne(
        endpoint, foreign.admf_id, foreign.ne_id, ("e164Number", foreign.targets[0][1].lstrip("+")), ("", 0), tape,
        Observer(tape, "x2x3"), _asking(ask), nobody, most_s=foreign.wait_s, answer_s=foreign.answer_s,
    )  # fmt: skip
