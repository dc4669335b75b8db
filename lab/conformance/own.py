"""Our own stack as the peer: only what a role needs is started, and it is ended with the run.

Where we play an end, we listen on the port that our own process of that end would have: the rest of the stack does not
notice who is there.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
import tomllib
import warnings
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from lab import control
from lab.conformance.lemf import Lemf
from lab.conformance.mf_us import VOICE
from lab.conformance.ne import Ne
from lab.conformance.observer import Observer
from lab.conformance.samples import OTHER, TARGET
from lab.conformance.tape import Tape
from lab.conformance.watched import Mf
from lab.dialects import FORMS, MARKS, port_name
from lab.faults.client import PROCESS as FAULTS
from lab.kernels import require_compiled
from lab.processes import wait_for
from lab.stack import ADMF_ID, NE_ID, Plan, Stack, clear, real_time
from mediation.runtime.config import TlsConfig
from mediation.runtime.exchange import Endpoint
from mediation.runtime.tls import client_context, make_lab_ca, peer_name, server_context

LIID: Final = "CONF-1"
PEN_LIID: Final = "CONF-2"
HOST_LIID: Final = "CONF-3"
HOST: Final = "sim.example.invalid"
HOST_ADDRESS: Final = "192.0.2.80"
"""The web host of the simulated network."""
PEN_TARGET: Final = "+12125550103"
NOT_TARGET: Final = "+12125550104"
"""Whom no order is for."""
HOUR_US: Final = 3_600_000_000
STORE: Final = {"capacity_octets": 64 << 20, "segment_octets": 8 << 20}


def orders(now_us: int, mark: str = "", services: tuple[str, ...] = ("VOICE", "SMS", "DATA")) -> list[dict[str, Any]]:
    """A warrant and a pen register, in force; `mark` begins the LIIDs of a US dialect."""
    common: dict[str, Any] = {
        "services": list(services),
        "start": now_us - HOUR_US,
        "issued_at": now_us - HOUR_US,
    }
    metadata = [one for one in services if one != "DATA"] or ["DATA"]
    return [
        {"order_id": "O-CONF-1", "case_id": "CASE-CONF-1", "kind": "EAVESDROPPING", "liid": mark + LIID,
         "targets": [TARGET], "days": 20, **common},
        {"order_id": "O-CONF-2", "case_id": "CASE-CONF-2", "kind": "PRTT", "direction": "BOTH", "liid": mark + PEN_LIID,
         "targets": [PEN_TARGET], "days": 50, **common, "services": metadata},
    ]  # fmt: skip


def us_orders(now_us: int, dialect: str) -> list[dict[str, Any]]:
    """Those of a US dialect; where it tells of packets, a pen register on a host as well."""
    if dialect in VOICE:
        return orders(now_us, MARKS[dialect], ("VOICE", "SMS"))
    found = orders(now_us, MARKS[dialect], ("DATA",))
    return [*found, found[1] | {"order_id": "O-CONF-3", "case_id": "CASE-CONF-3", "liid": MARKS[dialect] + HOST_LIID,
                                "targets": [f"host:{HOST}", f"ipv4Address:{HOST_ADDRESS}"]}]  # fmt: skip


@contextlib.contextmanager
def started(data: Path, planned: Plan, names: tuple[str, ...]) -> Iterator[Stack]:
    """These processes of a run in `data`, which must be empty or a former such run."""
    require_compiled()
    clear(data)
    stack = Stack(data)
    stack.prepare(planned)
    stack.launch(names)
    try:
        yield stack
    finally:
        stack.stop()


def tls_files(stack: Stack, name: str) -> TlsConfig:
    ca = stack.paths.ca
    return TlsConfig(certificate=ca / f"{name}.pem", key=ca / f"{name}.key", ca=ca / "ca.pem")


def other_tls(files: TlsConfig) -> Mapping[str, ssl.SSLContext]:
    """Contexts that a LEMF is to refuse."""
    old = client_context(files)
    # The oldest that this machine's library speaks, whatever its policy is for others.
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        # Python warns of what is old; here it is meant.
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    return {"old": old, "none": ssl.create_default_context(cafile=files.ca)}


@contextlib.contextmanager
def own_lemf(
    data: Path, tape: Tape, dialect: str = "etsi", tls: bool = True, faults: bool = False
) -> Iterator[tuple[Lemf, Stack]]:
    """Our collector, with a warrant in force for what we send; behind the fault proxy where `faults`."""
    used = () if dialect == "etsi" else (dialect,)
    mark = "" if dialect == "etsi" else f"{dialect.upper()}-"
    link = {"record_s": 5.0, "integrity": {"mode": "report"}} if dialect == "etsi" else {}
    planned = Plan(
        clock=real_time(), disposable=True, tls=tls, collector={"store": STORE}, link=link, faults=faults, dialects=used
    )
    names = ("collector", FAULTS) if faults else ("collector",)
    with started(data, planned, names) as stack:
        for one in orders(time.time_ns() // 1000, mark):
            stack.court.issue(one)
        port = f"cdc-{dialect}" if used else "hi2" if faults else "hi2-1"
        files = tls_files(stack, "mediation")
        others = other_tls(files)

        async def look() -> dict[str, Any]:
            return await asyncio.to_thread(control.get, stack.running["collector"].control_port)

        yield (
            Lemf(
                "127.0.0.1",
                stack.running[FAULTS if faults else "collector"].ports[port],
                f"{mark}{LIID}".encode(),
                tape,
                dialect,
                tls=client_context(files) if tls else None,
                other_tls=(lambda name: others[name]) if tls else None,
                look=look,
            ),
            stack,
        )


OWN_TIMERS: Final = {"time1_s": 1.0, "time3_s": 2.0}
"""A run of cases does not wait for minutes."""
OWN_INTEGRITY: Final = {"hash_records": 4, "hash_s": 0.5}
OWN_KEEPALIVE_S: Final = 6.0
LATE_S: Final = 3.0
"""On one machine a record comes at once; more than this is late."""
LEMF: Final = "collector"


@contextlib.contextmanager
def own_mf(data: Path, tape: Tape, tls: bool = True, faults: bool = False) -> Iterator[tuple[Mf, Stack]]:
    """Our carrier and mediation function, with a warrant and a pen register; nobody listens on HI2 and HI3 yet.

    `ports_of` says where a LEMF is expected."""
    planned = Plan(
        clock=real_time(), disposable=True, tls=tls, faults=faults, carrier={"start": "now"},
        mediation={"handover": OWN_TIMERS, "integrity": OWN_INTEGRITY, "reconnect_s": 0.1},
    )  # fmt: skip
    names = ("faults", "carrier_sim", "mediation") if faults else ("carrier_sim", "mediation")
    with started(data, planned, names) as stack:
        for one in orders(time.time_ns() // 1000):
            stack.court.issue(one)
        wait_for(lambda: stack.status("carrier_sim").get("active_tasks", 0) >= 2, TASKED_S)
        yield (
            Mf(
                Observer(tape),
                targets={LIID.encode(): TARGET, PEN_LIID.encode(): PEN_TARGET},
                metadata_only=frozenset({PEN_LIID.encode()}),
                strangers=(NOT_TARGET,),
                tls=tls,
                late_s=LATE_S,
                keepalive_s=OWN_KEEPALIVE_S,
            ),
            stack,
        )


TASKED_S: Final = 20.0


@contextlib.contextmanager
def own_us_mf(
    data: Path, tape: Tape, dialect: str, tls: bool = True, faults: bool = False
) -> Iterator[tuple[Mf, Stack]]:
    """The same, delivering in a US dialect."""
    planned = Plan(
        clock=real_time(), disposable=True, tls=tls, faults=faults, carrier={"start": "now"}, dialects=(dialect,),
        mediation={"reconnect_s": 0.1},
    )  # fmt: skip
    names = ("faults", "carrier_sim", "mediation") if faults else ("carrier_sim", "mediation")
    with started(data, planned, names) as stack:
        issued = us_orders(time.time_ns() // 1000, dialect)
        for one in issued:
            stack.court.issue(one)
        wait_for(lambda: stack.status("carrier_sim").get("active_tasks", 0) >= len(issued), TASKED_S)
        yield (
            Mf(
                Observer(tape, "ber", dialect, FORMS[dialect]),
                targets={str(one["liid"]).encode(): _number(one["targets"][0]) for one in issued},
                metadata_only=frozenset(str(one["liid"]).encode() for one in issued if one["kind"] == "PRTT"),
                strangers=(NOT_TARGET,),
                tls=tls,
                late_s=LATE_S,
                skew_s=US_SKEW_S,
                made=US_ENDS,
            ),
            stack,
        )


def _number(target: str) -> str:
    return target if target.startswith("+") else ""


US_SKEW_S: Final = 0.2
"""R-098."""


def ports_of(stack: Stack, dialect: str = "etsi") -> dict[str, int]:
    """Where our collector would listen for TCP, by the link's name."""
    links = tomllib.loads(stack.paths.config(LEMF).read_text())["links"]
    return {
        one["name"].removesuffix("-1").removesuffix(f"-{dialect}"): one["listen"]["port"] for one in links
        if one["dialect"] == dialect and one.get("transport") != "udp"
    }  # fmt: skip


def datagram_ports_of(stack: Stack, dialect: str) -> dict[str, int]:
    """Where it would take content; the port has the number of its call data's."""
    return {"ccc": stack.ports[port_name(dialect)]}


def lemf_tls(stack: Stack) -> ssl.SSLContext:
    return server_context(tls_files(stack, LEMF))


def wrong_tls(stack: Stack) -> ssl.SSLContext:
    """A LEMF's certificate of an authority that nobody trusts."""
    return wrong_context(stack.paths.data / "conformance-ca", tls_files(stack, LEMF))


def wrong_context(directory: Path, files: TlsConfig) -> ssl.SSLContext:
    """As a listener with `files`, but for the authority, which is made in `directory`."""
    make_lab_ca(directory, ("wrong",), time.time_ns() // 1000)
    shown = {"certificate": directory / "wrong.pem", "key": directory / "wrong.key"}
    return server_context(files.model_copy(update=shown))


def own_traffic(stack: Stack) -> Callable[[str], Awaitable[None]]:
    """Two calls and a message of the targets, and a call of somebody whom no order is for."""

    async def trigger(_: str) -> None:
        calls = [
            {"kind": "call", "caller": caller, "callee": OTHER, "seconds": 0.5, "ring_s": 0.5, "sound": "tone"}
            for caller in (TARGET, PEN_TARGET, NOT_TARGET)
        ]
        message = {"kind": "sms", "from": TARGET, "to": OTHER, "text": "SIMULATION: conformance"}
        await asyncio.to_thread(stack.post, "carrier_sim", "/inject", [*calls, message])

    return trigger


def us_items(dialect: str, callers: Iterable[str]) -> list[dict[str, Any]]:
    """Calls with keys and messages of these; or sessions of them, and somebody's visit to the host."""
    everybody = tuple(callers)
    items: list[dict[str, Any]]
    if dialect in VOICE:
        items = [
            {"kind": "call", "caller": one, "callee": OTHER, "seconds": 1.4, "ring_s": 0.5, "sound": "tone",
             "dtmf": "7", "info_digits": "9"}
            for one in everybody
        ] + [
            {"kind": "sms", "from": one, "to": OTHER, "text": "SIMULATION: conformance", "via": "ims", "at_s": 0.2}
            for one in everybody
        ]  # fmt: skip
    else:
        items = [{"kind": "data", "subscriber": one, "seconds": 0.8, "packets": 14, "access": True}
                 for one in everybody]  # fmt: skip
        items.append({"kind": "web", "visitors": [OTHER]})
    return items


def own_us_traffic(stack: Stack, dialect: str) -> Callable[[str], Awaitable[None]]:
    """Of the targets, and of somebody whom no order is for."""
    items = us_items(dialect, (TARGET, PEN_TARGET, NOT_TARGET))

    async def trigger(_: str) -> None:
        await asyncio.to_thread(stack.post, "carrier_sim", "/inject", items)

    return trigger


US_ENDS: Final = 2
"""Of the communications in it, that many come to an end before our eyes."""


NE_KEEPALIVE_S: Final = 0.5
NE_TIMEOUT_S: Final = 1.5


@contextlib.contextmanager
def own_ne(data: Path, tape: Tape) -> Iterator[tuple[Ne, Stack]]:
    """Our carrier alone; `observer` has to listen at `address` before it is tasked."""
    timers = {"start": "now", "keepalive_s": NE_KEEPALIVE_S, "keepalive_timeout_s": NE_TIMEOUT_S, "retry_s": 0.1}
    with started(data, Plan(clock=real_time(), disposable=True, carrier=timers), ("carrier_sim",)) as stack:
        files = tls_files(stack, ADMF_ID)
        url, name = f"https://127.0.0.1:{stack.running['carrier_sim'].ports['x1']}/X1/NE", peer_name(NE_ID)
        anonymous = ssl.create_default_context(cafile=files.ca)
        yield (
            Ne(
                Endpoint(url, client_context(files), name),
                ADMF_ID,
                NE_ID,
                ("e164Number", TARGET[1:]),
                ("127.0.0.1", 0),
                tape,
                Observer(tape, "x2x3"),
                own_traffic(stack),
                Endpoint(url, anonymous, name),
                most_s=15.0,
                keepalive_s=NE_KEEPALIVE_S,
                timeout_s=NE_TIMEOUT_S,
            ),
            stack,
        )
