"""`python -m lab.agency.devices --config FILE`."""

from __future__ import annotations

import sys

from lab.agency.devices.config import DevicesConfig
from lab.agency.devices.service import run
from mediation.runtime.process import run_process


def main(argv: list[str] | None = None) -> int:
    return run_process("lab.agency.devices", DevicesConfig, run, lambda config: config.data_dir, argv)


if __name__ == "__main__":
    sys.exit(main())
