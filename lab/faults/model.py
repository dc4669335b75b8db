"""Which faults there are, where each acts, and what a request for one may say. Data and its checks; nothing acts here.

A fault of the link acts on octets, on whole records or on the certificates of a link. What only the carrier or the
mediation function can do wrong (content that was not ordered, another number, another clock) is asked of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import Field, ValidationError, model_validator

from asn1.errors import RefusedError
from mediation.runtime.config import Model

Kind = Literal[
    "cut", "delay", "loss", "reorder", "duplicate", "corrupt", "half_open", "slow_reader", "wrong_certificate",
    "expired_certificate", "clock_skew", "sequence_jump", "over_delivery", "wrong_number", "missed_keepalive",
    "bad_integrity", "flood",
]  # fmt: skip
Needs = Literal["connection", "octets", "records", "ps-pdu", "tls", "carrier_sim", "mediation"]
"""What a fault needs of its link; the last two are no link's."""

MAX_STANDING: Final = 64
"""Faults on at once."""
MAX_COPIES: Final = 10_000
"""Of one record in a flood."""
DAY_S: Final = 86_400.0


class Said(NamedTuple):
    """`words`: what a person reads. `takes`: fields of a request beside kind and link. `must`: those it cannot lack."""

    words: str
    needs: Needs
    takes: tuple[str, ...] = ()
    must: tuple[str, ...] = ()


_PICK: Final = ("share", "skip", "count", "liid", "direction", "seconds")
FAULTS: Final[Mapping[str, Said]] = {
    "cut": Said("connections are reset, new ones are refused", "connection", ("seconds",)),
    "half_open": Said("the far end vanishes and the near end is not told", "connection", ("seconds",)),
    "delay": Said("everything comes late, in order", "octets", ("milliseconds", "jitter_ms", "direction", "seconds"),
                  ("milliseconds",)),
    "slow_reader": Said("the sender is read from slowly", "octets", ("octets_per_s", "direction", "seconds"),
                        ("octets_per_s",)),
    "loss": Said("records vanish", "records", (*_PICK, "what")),
    "reorder": Said("a record leaves behind its successor", "records", (*_PICK, "what")),
    "duplicate": Said("records come twice", "records", (*_PICK, "what")),
    "corrupt": Said("a bit of a record turns", "records", (*_PICK, "what", "place")),
    "flood": Said("a record comes again and again", "records", (*_PICK, "what", "copies")),
    "sequence_jump": Said("numbers jump ahead and stay there", "ps-pdu", (*_PICK, "by")),
    "missed_keepalive": Said("keep-alives, or their answers, vanish", "ps-pdu",
                             ("share", "skip", "count", "direction", "seconds")),
    "bad_integrity": Said("integrity checks do not fit their records", "ps-pdu", _PICK),
    "wrong_certificate": Said("a certificate of an authority that nobody trusts", "tls", ("toward", "seconds")),
    "expired_certificate": Said("a certificate whose time is over", "tls", ("toward", "seconds")),
    "clock_skew": Said("stamps of the points of interception are wrong", "carrier_sim", ("milliseconds", "point"),
                       ("milliseconds",)),
    "over_delivery": Said("content is handed over that was not ordered", "mediation", ("liid",), ("liid",)),
    "wrong_number": Said("another number is provisioned", "mediation", ("liid", "number"), ("liid", "number")),
}  # fmt: skip
ELSEWHERE: Final = ("carrier_sim", "mediation")


class FaultRequest(Model):
    """One fault, as a command, a scenario step or a form asks for it.

    `direction`: `up` from the mediation function to the LEMF, `down` back. Of the records that a fault is about it
    passes over the first `skip`, then takes a `share` of them, drawn by the proxy's seed, and `count` at most; `liid`
    narrows it to one interception, `what` to data or to transport-related information. `toward`: which end sees the
    certificate, who connects or who listens. `seconds`: when it ends by itself.
    """

    kind: Kind
    link: Annotated[str, Field(max_length=32)] = ""
    direction: Literal["up", "down"] = "up"
    liid: Annotated[str, Field(max_length=50)] = ""
    what: Literal["data", "tri", "all"] = "data"
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    skip: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    count: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
    seconds: Annotated[float, Field(gt=0, le=DAY_S)] | None = None
    milliseconds: Annotated[int, Field(ge=-86_400_000, le=86_400_000)] = 0
    jitter_ms: Annotated[int, Field(ge=0, le=60_000)] = 0
    octets_per_s: Annotated[int, Field(ge=1, le=1 << 30)] = 1
    by: Annotated[int, Field(ge=1, le=(1 << 32) - 1)] = 1_000
    copies: Annotated[int, Field(ge=1, le=MAX_COPIES)] = 100
    place: Literal["payload", "header", "frame"] = "payload"
    toward: Literal["client", "server"] = "client"
    point: Annotated[str, Field(max_length=64)] = "*"
    number: Annotated[str, Field(max_length=20)] = ""

    @property
    def said(self) -> Said:
        return FAULTS[self.kind]

    @property
    def elsewhere(self) -> bool:
        """Whether it is the carrier's or the mediation function's."""
        return self.said.needs in ELSEWHERE

    @model_validator(mode="after")
    def _makes_sense(self) -> FaultRequest:
        told = self.model_fields_set - {"kind", "link"}
        if odd := sorted(told - set(self.said.takes)):
            takes = ", ".join(self.said.takes) or "nothing"
            raise ValueError(f"{self.kind} takes {takes}, and not {', '.join(odd)}")
        if lacks := [name for name in self.said.must if not getattr(self, name)]:
            raise ValueError(f"{self.kind} needs {', '.join(lacks)}")
        if self.kind == "delay" and not 0 < self.milliseconds <= 600_000:
            raise ValueError("delay takes milliseconds from 1 to 600000")
        if self.elsewhere == bool(self.link):
            where = f"is the {self.said.needs}'s: leave out the link" if self.elsewhere else "needs a link"
            raise ValueError(f"{self.kind} {where}")
        return self

    def told(self) -> dict[str, object]:
        """What was said of it, as JSON."""
        return self.model_dump(mode="json", exclude_unset=True)


def fault_request(values: object) -> FaultRequest:
    """Raises RefusedError with one sentence."""
    if not isinstance(values, Mapping):
        raise RefusedError("A fault is a JSON object.")
    if values.get("kind") not in FAULTS:
        raise RefusedError(
            f"There is no fault {str(values.get('kind'))[:32]!r}: choose one of {', '.join(sorted(FAULTS))}."
        )
    try:
        return FaultRequest.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RefusedError(f"{where + ': ' if where else ''}{first['msg'].removeprefix('Value error, ')}.") from error
