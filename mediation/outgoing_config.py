"""How records leave: numbering, aggregation, segments, ciphering, integrity checks, module version. All off or as most
of the field does it, unless said otherwise. docs/handover.md has each setting with its evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from asn1.encryption import KEY_OCTETS, PROFILES, Iv, Padding, Profile
from asn1.integrity import IntegrityProfile, Scope, SigningInput
from asn1.ps_pdu import PS_DOMAIN_OID
from mediation.runtime.config import Model

Records = Annotated[int, Field(ge=1, le=10_000)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
_ROOT, _, _VERSION = PS_DOMAIN_OID.rpartition(".")
OLD_VERSION = 22
"""Up to this module version (V3.10.1) the header has no fields 9 and 10, and a check does not name its algorithm."""


class EncryptionModel(Model):
    """`keys_file`: see `runtime.handover_keys`. `profile`: a name, or what differs from it in the other three.
    `tri`: integrity checks are ciphered too, as OpenLI does."""

    keys_file: Path
    profile: Literal["nl", "lab-256"] = "nl"
    algorithm: str | None = None
    iv: Iv | None = None
    padding: Padding | None = None
    tri: bool = False

    @model_validator(mode="after")
    def _known(self) -> EncryptionModel:
        if self.agreed.algorithm not in KEY_OCTETS:
            raise ValueError(f"{self.algorithm} is not ciphered here; choose one of {', '.join(KEY_OCTETS)}")
        return self

    @property
    def agreed(self) -> Profile:
        base = PROFILES[self.profile]
        return Profile(self.algorithm or base.algorithm, self.iv or base.iv, self.padding or base.padding)


class IntegrityModel(Model):
    """A hash after `hash_records` records of a chain or `hash_s` seconds, a signature after `sign_hashes` hashes or
    `sign_s`, where there is a `signer_file` (PEM, ECDSA or EdDSA). Numbers and times are OpenLI's."""

    scope: Scope = "pdu"
    plain: bool = True
    algorithm: Literal["sHA-256", "sHA-384", "sHA-512"] = "sHA-256"
    signing: SigningInput = "hashes"
    signer_file: Path | None = None
    hash_records: Records = 1000
    hash_s: Seconds = 1.0
    sign_hashes: Records = 15
    sign_s: Seconds = 30.0

    @property
    def agreed(self) -> IntegrityProfile:
        return IntegrityProfile(self.scope, self.plain, self.algorithm, self.signing)


class AggregationModel(Model):
    """Content of one communication waits for company: at most so many in a record, at most so long."""

    records: Annotated[int, Field(ge=2, le=256)] = 8
    us: Annotated[int, Field(ge=1000, le=10_000_000)] = 20_000


class OutgoingConfig(Model):
    """`cin_reset`: "lost": ahead of each communication, once counters were lost; "restart": ahead of each one that was
    counted before the start, as OpenLI does; "never". `segment_octets`: content above it is cut into segments."""

    ps_module_version: Annotated[int, Field(ge=1, le=127)] = int(_VERSION)
    sequence_scope: Literal["communication", "liid"] = "communication"
    cin_reset: Literal["lost", "restart", "never"] = "lost"
    segment_octets: Annotated[int, Field(ge=16, le=1 << 20)] | None = None
    aggregation: AggregationModel | None = None
    encryption: EncryptionModel | None = None
    integrity: IntegrityModel | None = None

    @property
    def ps_domain_oid(self) -> str:
        return f"{_ROOT}.{self.ps_module_version}"

    @property
    def old_module(self) -> bool:
        return self.ps_module_version <= OLD_VERSION
