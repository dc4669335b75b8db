"""`python -m mediation --config FILE`."""

from __future__ import annotations

import sys

from mediation.config import MediationConfig
from mediation.runtime.process import run_process
from mediation.service import run

if __name__ == "__main__":
    sys.exit(run_process("mediation", MediationConfig, run, lambda config: config.data_dir))
