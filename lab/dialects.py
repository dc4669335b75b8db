"""Handover in the US dialects within one run: names, ports and the two halves of each link's configuration. Data.

An order goes out in a dialect when its LIID begins with that dialect's mark; both sides of the link are written from
here, so that they fit. Content uses the UDP port with the number of the call data's TCP port.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from collector.handover_config import HandoverModel
from mediation.runtime.config import ConfigError

FORMS: Final[Mapping[str, str]] = {"t1678": "apdu", "pcesp": "12", "ias": "apdu", "jstd025": "12"}
"""What content looks like; `jstd025` is a reconstruction (`asn1.laes.jstd025`) and runs only where it is asked for."""
USUAL: Final = ("t1678", "pcesp", "ias")
MARKS: Final[Mapping[str, str]] = {"t1678": "T1678-", "pcesp": "PCESP-", "ias": "IAS-", "jstd025": "JSTD025-"}
"""How the LIIDs of a dialect begin."""
_RESEND_S: Final = 60.0
_RUN_WINDOW_S: Final = 500.0
"""Of the run's clock: the collector knows what is sent again for 600 s."""


def port_name(dialect: str) -> str:
    return f"cdc-{dialect}"


def liid_for(dialect: str, liid: str | None, order_id: str) -> str:
    """The LIID of an order that is to be delivered in this dialect. Raises ConfigError for one that would not be."""
    if dialect == "etsi":
        return order_id if liid is None else liid
    if dialect not in MARKS:
        raise ConfigError(f"--dialect {dialect} is not known: choose one of etsi, {', '.join(MARKS)}.")
    mark = MARKS[dialect]
    if liid is None:
        return f"{mark}{order_id}"[:25]
    if not liid.startswith(mark):
        raise ConfigError(f"--liid {liid} is delivered in another dialect: one for {dialect} begins with {mark}.")
    return liid


def mediation_links(
    dialects: tuple[str, ...], cdc: Callable[[str], dict[str, Any]], ccc: Callable[[str], dict[str, Any]], factor: float
) -> dict[str, Any]:
    """The mediation function's `laes`; `cdc` and `ccc` make the address of a port by its name, or one a collector, with
    TLS for call data where the run has it."""
    return {
        dialect: {
            "liids": [f"{MARKS[dialect]}*"],
            "cdc": cdc(port_name(dialect)),
            "ccc": ccc(port_name(dialect)) | {"form": FORMS[dialect]},
            "resend_s": min(_RESEND_S, _RUN_WINDOW_S / max(factor, 1.0)),
        }
        for dialect in dialects
    }


def collector_links(
    dialects: tuple[str, ...], ports: Mapping[str, int], host: str, cdc: Callable[[str], dict[str, Any]],
    policy: Mapping[str, Any], link: Mapping[str, Any],
) -> list[dict[str, Any]]:  # fmt: skip
    """The collector's listeners, two a dialect. `link`: what a run configures of all its links; what only ETSI links
    have (acknowledgement, encryption, integrity) is left out."""
    own = {name: value for name, value in link.items() if name not in HandoverModel.model_fields}
    links: list[dict[str, Any]] = []
    for dialect in dialects:
        common: dict[str, Any] = {**own, "dialect": dialect, "group": dialect}
        if policy:
            common["policy"] = dict(policy)
        form: str | int = FORMS[dialect] if FORMS[dialect] == "apdu" else int(FORMS[dialect])
        content = {"host": host, "port": ports[port_name(dialect)]}
        links += [
            {"name": f"cdc-{dialect}", "interface": "HI2", **common, "listen": cdc(port_name(dialect))},
            {
                "name": f"ccc-{dialect}",
                "interface": "HI3",
                **common,
                "transport": "udp",
                "ccc": form,
                "listen": content,
            },
        ]
    return links
