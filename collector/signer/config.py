"""The signer's configuration, checked before anything is opened."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field

from collector.store.audit_log import ORIGIN as AUDIT
from mediation.runtime.config import Model


class SignerConfig(Model):
    """`socket`: where the collector asks. `uids`: the users whose processes may ask (SO_PEERCRED); the signer's own
    when none is said. `origins`: the ledgers it signs; no other."""

    data_dir: Path
    socket: Path
    uids: Annotated[tuple[int, ...], Field(max_length=16)] = ()
    origins: Annotated[tuple[str, ...], Field(min_length=1, max_length=16)] = ("calea-lab/collector", AUDIT)

    @property
    def allowed(self) -> frozenset[int]:
        return frozenset(self.uids or [os.getuid()])
