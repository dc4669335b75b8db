"""What a link's two ends have agreed beyond the records themselves; docs/handover.md has each setting."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from asn1.integrity_check import CheckLimits
from mediation.runtime.config import Model
from mediation.runtime.handover_options import EncryptionAgreement, IntegrityAgreement

Seconds = Annotated[float, Field(gt=0, le=3600)]


class LinkIntegrity(IntegrityAgreement):
    """`mode`: what a missing or wrong check does: "report", or "required", which also holds the records that it is
    about. `verifier_file`: PEM, the public key of who signs; without it signatures are counted and prove nothing. How
    long a check waits for its records (`data_s`), a record for its hash, a hash for its signature; how many octets of
    records are kept for that."""

    mode: Literal["report", "required"] = "report"
    verifier_file: Path | None = None
    data_s: Seconds = 10.0
    check_s: Seconds = 15.0
    sign_s: Seconds = 60.0
    kept_octets: Annotated[int, Field(ge=1 << 16, le=1 << 31)] = 32 << 20

    @property
    def limits(self) -> CheckLimits:
        return CheckLimits(int(self.data_s * 1e6), int(self.check_s * 1e6), int(self.sign_s * 1e6), self.kept_octets)


class HandoverModel(Model):
    """`time2_s`: the LEMF's own limit to answer (6.3.4, TIME2), real seconds. `negotiate`: whether acknowledgement is
    granted to who asks for it. `sequence_scope`: over what the peer counts. `segment_s`: how long a content in segments
    may stay open."""

    time2_s: Seconds = 30.0
    negotiate: bool = True
    sequence_scope: Literal["communication", "liid"] = "communication"
    segment_s: Seconds = 60.0
    encryption: EncryptionAgreement | None = None
    integrity: LinkIntegrity | None = None

    @field_validator("integrity", mode="before")
    @classmethod
    def _by_mode(cls, value: object) -> object:
        """`integrity = "required"` says the same as a table with nothing but its mode."""
        return {"mode": value} if isinstance(value, str) else value
