"""The signer's configuration, checked before anything is opened."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, field_validator

from collector.signer.memory import AUDIT as SIGNER
from collector.signer.purposes import FORMS
from collector.signer.wire import WORDS
from collector.store.audit_log import ORIGIN as AUDIT
from mediation.ledger.epochs import NAME
from mediation.runtime.config import Listen, Model

MOST_PATH_OCTETS: Final = 107
"""What a unix socket's address holds."""


class SignerConfig(Model):
    """`socket`: where the collector asks. `uids`: the users whose processes may ask (SO_PEERCRED); the signer's own
    when none is said. `origins`: the ledgers it signs; no other. `control`: where it says how often it signed what, if
    anybody is to know; nothing can be asked for there."""

    data_dir: Path
    socket: Path
    uids: Annotated[tuple[int, ...], Field(max_length=16)] = ()
    origins: Annotated[tuple[str, ...], Field(min_length=1, max_length=16)] = ("calea-lab/collector", AUDIT)
    control: Listen | None = None

    @field_validator("socket")
    @classmethod
    def _short_enough(cls, path: Path) -> Path:
        if len(os.fsencode(path)) > MOST_PATH_OCTETS:
            raise ValueError(f"the path of a socket has at most {MOST_PATH_OCTETS} octets: choose a shorter one")
        return path

    @field_validator("origins")
    @classmethod
    def _no_word_of_the_wire(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        taken = WORDS | {NAME, SIGNER, *FORMS}
        if taken.intersection(origins):
            raise ValueError(f"{sorted(taken.intersection(origins))[0]} is no ledger of a collector's")
        return origins

    @property
    def allowed(self) -> frozenset[int]:
        return frozenset(self.uids or [os.getuid()])
