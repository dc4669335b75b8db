"""The configuration of `python -m lab.faults`: links, whom they lead to, and what the proxy may show as a certificate.

Each link has two ends: `listen`, where the mediation function (or a foreign device) connects, and `to`, the end it
would have connected to. TLS is of none, passes `through` unread, or is `terminated`: then the proxy has a certificate
of its own at each end, and sees records.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from lab.faults.board import LinkSpec
from lab.faults.records import Framing
from mediation.runtime.config import Listen, Model, Peer, TlsConfig


class FaultLink(Model):
    """`framing`: what its records are; `ps-pdu` (TS 102 232-1), `ber` (call data of the US dialects), `x2x3`, or
    `none`. Datagrams are records as they are."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$")]
    transport: Literal["tcp", "udp"] = "tcp"
    framing: Framing = "ps-pdu"
    tls: Literal["none", "through", "terminated"] = "none"
    listen: Listen
    to: Peer

    @model_validator(mode="after")
    def _one_tls(self) -> FaultLink:
        ends = (self.listen.tls is not None, self.to.tls is not None)
        if self.tls == "terminated" and not any(ends):
            raise ValueError(f"link {self.name}: tls terminated needs listen.tls and to.tls")
        if self.tls != "terminated" and any(ends):
            raise ValueError(f"link {self.name}: listen.tls and to.tls are for tls terminated")
        if self.transport == "udp" and self.tls != "none":
            raise ValueError(f"link {self.name}: there is no TLS on udp")
        return self

    @property
    def spec(self) -> LinkSpec:
        framing: Framing = "none" if self.tls == "through" else self.framing
        return LinkSpec(self.name, framing, self.tls == "terminated", self.transport == "udp")


class FaultsConfig(Model):
    """`word_file`: the word that whoever commands the proxy shows as a bearer token. `wrong`, `expired`: certificates
    for the faults of that name. `carrier_sim`, `mediation`: control ports of those whose own faults are set through
    here; None where they are foreign equipment."""

    data_dir: Path
    control: Listen = Listen()
    word_file: Path
    seed: int = 1
    links: Annotated[tuple[FaultLink, ...], Field(min_length=1, max_length=64)]
    wrong: TlsConfig | None = None
    expired: TlsConfig | None = None
    carrier_sim: Peer | None = None
    mediation: Peer | None = None
    max_connections: Annotated[int, Field(ge=1, le=10_000)] = 256
    """Of one link at once."""

    @model_validator(mode="after")
    def _consistent(self) -> FaultsConfig:
        names = [link.name for link in self.links]
        if len(set(names)) != len(names) or "control" in names:
            raise ValueError("every link needs a name of its own, other than 'control'")
        if any(link.tls == "terminated" for link in self.links) and (self.wrong is None or self.expired is None):
            raise ValueError("a link with tls terminated needs the certificates `wrong` and `expired`")
        return self
