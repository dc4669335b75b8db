"""The fault proxy of a run: its ports, its certificates, its word, and its configuration, made when a run is prepared.

For each handover link there is a listener of the proxy, and the collector's own behind it; the mediation function is
told the proxy's. Content in a US dialect has the UDP port with the number of its call data's TCP port, here as there.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from lab import dialects
from lab.paths import RunPaths
from mediation.runtime.tls import make_lab_ca

HOST: Final = "127.0.0.1"
CONTROL_PORT: Final = "faults-control"
WRONG: Final = "wrong"
EXPIRED: Final = "expired"
EXPIRED_DAYS: Final = 30
_DAY_US: Final = 86_400_000_000
Tls = Callable[[str], dict[str, Any]]


def proxied(port: str) -> str:
    """The proxy's port that stands for this one."""
    return f"faults-{port}"


def prepare(paths: RunPaths) -> None:
    """The certificates that are not honest, of an authority nobody trusts and one whose time is over, and the word."""
    now_us = time.time_ns() // 1000
    make_lab_ca(_other_ca(paths.data), (WRONG,), now_us)
    make_lab_ca(paths.ca, (EXPIRED,), now_us - 2 * EXPIRED_DAYS * _DAY_US, EXPIRED_DAYS)
    if not paths.faults_word.exists():
        paths.faults_word.parent.mkdir(parents=True, exist_ok=True)
        paths.faults_word.touch(mode=0o600)
        paths.faults_word.write_text(secrets.token_urlsafe(24))


def config(data: Path, used: tuple[str, ...], ports: Mapping[str, int], tls: Tls | None) -> dict[str, Any]:
    """`lab.faults.config.FaultsConfig` as written to its file. `used`: US dialects; `tls` makes the files of an end."""

    def link(name: str, port: str, framing: str, transport: str = "tcp") -> dict[str, Any]:
        ended = tls is not None and transport == "tcp"
        listen: dict[str, Any] = {"host": HOST, "port": ports[proxied(port)]}
        to: dict[str, Any] = {"host": HOST, "port": ports[port]}
        if tls is not None and ended:
            listen, to = listen | tls("collector"), to | tls("mediation")
        return {
            "name": name, "transport": transport, "framing": framing, "tls": "terminated" if ended else "none",
            "listen": listen, "to": to,
        }  # fmt: skip

    links = [link(name, name, "ps-pdu") for name in ("hi2", "hi3")]
    for one in used:
        port = dialects.port_name(one)
        links += [link(f"cdc-{one}", port, "ber"), link(f"ccc-{one}", port, "none", "udp")]
    return {
        "data_dir": data / "faults",
        "control": {"host": HOST, "port": ports[CONTROL_PORT]},
        "word_file": RunPaths(data).faults_word,
        "wrong": _files(_other_ca(data), WRONG),
        "expired": _files(RunPaths(data).ca, EXPIRED),
        "carrier_sim": {"host": HOST, "port": ports["carrier-control"]},
        "mediation": {"host": HOST, "port": ports["mediation-control"]},
        "links": links,
    }


def console_place(data: Path, ports: Mapping[str, int]) -> dict[str, Any]:
    """How the console finds the proxy."""
    return {
        "control": {"host": HOST, "port": ports[CONTROL_PORT]},
        "word_file": RunPaths(data).faults_word,
    }


def _other_ca(data: Path) -> Path:
    return data / "faults" / "other-ca"


def _files(directory: Path, name: str) -> dict[str, Path]:
    return {"certificate": directory / f"{name}.pem", "key": directory / f"{name}.key"}
