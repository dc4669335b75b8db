"""`python -m lab.faults --config FILE`: the fault proxy as a process of its own."""

from __future__ import annotations

import sys

from lab.faults.config import FaultsConfig
from lab.faults.service import run
from mediation.runtime.process import run_process

if __name__ == "__main__":
    sys.exit(run_process("lab.faults", FaultsConfig, run, lambda config: config.data_dir))
