"""The desk process's configuration, checked before anything is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from mediation.law.settings import DEFAULTS, LawSettings
from mediation.runtime.config import ClockConfig, Listen, Model


class DeskConfig(Model):
    """`hi1_inbox` is the collector's, read and left as it is: the desk goes by the agency's own orders. `more_inboxes`:
    of a fleet's other collectors. `poll_s`: real seconds, the longest that anything goes on which time has ended
    (R-074)."""

    data_dir: Path
    clock: ClockConfig = ClockConfig()
    court_public_key: Path
    hi1_inbox: Path
    more_inboxes: tuple[Path, ...] = ()
    pin_directory: Path | None = None
    """Where the newest checkpoint of the ledger is kept, best on another disk or machine. Whoever else writes to the
    ledger has to be given the same."""
    poll_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    law: LawSettings = DEFAULTS
    control: Listen = Listen()
