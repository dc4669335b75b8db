"""`python -m collector.witness --config FILE`."""

from __future__ import annotations

import sys

from collector.witness.config import WitnessConfig
from collector.witness.service import run
from mediation.runtime.process import run_process


def main(argv: list[str] | None = None) -> int:
    return run_process("collector.witness", WitnessConfig, run, lambda config: config.data_dir, argv)


if __name__ == "__main__":
    sys.exit(main())
