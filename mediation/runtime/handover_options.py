"""What two ends agree of ciphering and integrity checks, as both write it in their configurations. Nothing is sent on
the wire of any of it: where the two differ, records do not open and checks do not hold."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import model_validator

from asn1.encryption import KEY_OCTETS, PROFILES, Iv, Padding, Profile
from asn1.integrity import IntegrityProfile, Scope, SigningInput
from mediation.runtime.config import Model


class EncryptionAgreement(Model):
    """`keys_file`: see `runtime.handover_keys`. `profile`: a name, or what differs from it in the other three."""

    keys_file: Path
    profile: Literal["nl", "lab-256"] = "nl"
    algorithm: str | None = None
    iv: Iv | None = None
    padding: Padding | None = None

    @model_validator(mode="after")
    def _known(self) -> EncryptionAgreement:
        if self.agreed.algorithm not in KEY_OCTETS:
            raise ValueError(f"{self.algorithm} is not ciphered here; choose one of {', '.join(KEY_OCTETS)}")
        return self

    @property
    def agreed(self) -> Profile:
        base = PROFILES[self.profile]
        return Profile(self.algorithm or base.algorithm, self.iv or base.iv, self.padding or base.padding)


class IntegrityAgreement(Model):
    """What is digested and what is signed (`asn1.integrity`). `digest_flags`: segment flags too, as OpenLI does."""

    scope: Scope = "pdu"
    plain: bool = True
    algorithm: Literal["sHA-256", "sHA-384", "sHA-512"] = "sHA-256"
    signing: SigningInput = "hashes"
    digest_flags: bool = False

    @property
    def agreed(self) -> IntegrityProfile:
        return IntegrityProfile(self.scope, self.plain, self.algorithm, self.signing, flags=self.digest_flags)
