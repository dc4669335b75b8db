"""How records leave: numbering, aggregation, segments, ciphering, integrity checks, module version. All off or as most
of the field does it, unless said otherwise. docs/handover.md has each setting with its evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from asn1.ps_pdu import PS_DOMAIN_OID
from mediation.runtime.config import Model
from mediation.runtime.handover_options import EncryptionAgreement, IntegrityAgreement

Records = Annotated[int, Field(ge=1, le=10_000)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
_ROOT, _, _VERSION = PS_DOMAIN_OID.rpartition(".")
OLD_VERSION = 22
"""Up to this module version (V3.10.1) the header has no fields 9 and 10, and a check does not name its algorithm."""


class EncryptionModel(EncryptionAgreement):
    """`tri`: integrity checks are ciphered too, as OpenLI does."""

    tri: bool = False


class IntegrityModel(IntegrityAgreement):
    """A hash after `hash_records` records of a chain or `hash_s` seconds, a signature after `sign_hashes` hashes or
    `sign_s`, where there is a `signer_file` (PEM, ECDSA or EdDSA). Numbers and times are OpenLI's."""

    signer_file: Path | None = None
    hash_records: Records = 1000
    hash_s: Seconds = 1.0
    sign_hashes: Records = 15
    sign_s: Seconds = 30.0


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
