"""Where orders go that are delivered in a US dialect: one delivery a dialect, orders named by their LIIDs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from mediation.peers import Delivery
from mediation.runtime.config import Model

Dialect = Literal["t1678", "pcesp", "ias", "jstd025"]
Name = Annotated[str, Field(pattern=r"^[!-~]{1,25}$")]


class CccModel(Delivery):
    """Where content goes, one UDP datagram a packet: of several peers, to the one whose number among them is that of
    the call data's. `form`: `apdu` (CC-APDU) or the octets of the CCC header."""

    form: Literal["apdu", "4", "12", "20"]

    @model_validator(mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:  # noqa: ANN401  whatever a file may say
        if not isinstance(value, dict) or "peers" in value:
            return value
        said = dict(value)
        form = {"form": said.pop("form")} if "form" in said else {}
        return {"peers": (said,), **form}

    @model_validator(mode="after")
    def _plain(self) -> CccModel:
        if any(peer.tls is not None for peer in self.peers):
            raise ValueError("content goes in plain datagrams: leave out tls")
        return self


class LaesModel(Model):
    """One delivery in a US dialect. `liids`: the orders it is for, each by its LIID, or by a beginning and `*`.

    The CDC has no acknowledgement: what was written in the last `resend_s` real seconds, at most `resend_octets`, is
    written again after a reconnect. `queue_octets` bounds the content that waits for its link; at three quarters of it
    nothing more is read from the points of interception. `reports`: how `ias` tells of packets under a pen register, by
    each packet's headers or by a count a flow, every `summary_s` seconds of the run's time."""

    liids: Annotated[tuple[Name, ...], Field(min_length=1, max_length=10_000)]
    cdc: Delivery
    ccc: CccModel | None = None
    resend_s: Annotated[float, Field(gt=0, le=600)] = 60.0
    resend_octets: Annotated[int, Field(ge=1 << 12, le=64 << 20)] = 2 << 20
    queue_octets: Annotated[int, Field(ge=1 << 17, le=256 << 20)] = 4 << 20
    reports: Literal["header", "summary"] = "header"
    summary_s: Annotated[float, Field(gt=0, le=3600)] = 10.0

    @model_validator(mode="after")
    def _together(self) -> LaesModel:
        if self.ccc is not None and len(self.ccc.peers) != len(self.cdc.peers):
            raise ValueError(
                f"content follows its call data: {len(self.cdc.peers)} cdc.peers need as many ccc.peers, in their order"
            )
        return self

    def takes(self, liid: str) -> bool:
        return any(_matches(name, liid) for name in self.liids)


def _matches(name: str, liid: str) -> bool:
    return liid.startswith(name[:-1]) if name.endswith("*") else liid == name


def check_deliveries(laes: Mapping[Dialect, LaesModel]) -> None:
    """Raises ValueError in words for what no dialect has, no header holds, or two deliveries would both take."""
    for dialect, one in laes.items():
        form = one.ccc.form if one.ccc is not None else ""
        if form == "apdu" and dialect in ("pcesp", "jstd025"):
            raise ValueError(f"laes.{dialect}: this dialect has no CC-APDU: give ccc.form 4, 12 or 20")
        long = [name for name in one.liids if form == "20" and (len(name) > 8 or name.endswith("*"))]
        if long:
            raise ValueError(
                f"laes.{dialect}: {long[0]} may not fit: a header of 20 octets has 8 for the case identity; name LIIDs "
                "of at most 8 characters, or give ccc.form 4 or 12"
            )
    names = [(dialect, name) for dialect, one in laes.items() for name in one.liids]
    for at, (dialect, name) in enumerate(names):
        for other, second in names[:at]:
            if other != dialect and (_matches(name, second) or _matches(second, name)):
                raise ValueError(f"laes: {second} of {other} and {name} of {dialect} may name the same order")
