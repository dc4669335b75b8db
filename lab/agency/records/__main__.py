"""`python -m lab.agency.records --config FILE`."""

from __future__ import annotations

import sys

from lab.agency.records.config import RecordsConfig
from lab.agency.records.service import run
from mediation.runtime.process import run_process


def main(argv: list[str] | None = None) -> int:
    return run_process("lab.agency.records", RecordsConfig, run, lambda config: config.data_dir, argv)


if __name__ == "__main__":
    sys.exit(main())
