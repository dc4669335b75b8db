"""`python -m carrier_sim --config FILE`: see `carrier_sim.config` for the file, `carrier_sim.service` for the ports."""

from __future__ import annotations

import sys

from carrier_sim.config import CarrierConfig
from carrier_sim.service import main
from mediation.runtime.process import run_process

if __name__ == "__main__":
    sys.exit(run_process("carrier_sim", CarrierConfig, main, lambda config: config.data_dir))
