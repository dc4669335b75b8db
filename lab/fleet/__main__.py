"""`python -m lab.fleet --config FILE`: the PostgreSQL of a run."""

from __future__ import annotations

import sys

from lab.fleet.config import PostgresConfig
from lab.fleet.service import run
from mediation.runtime.process import run_process


def main(argv: list[str] | None = None) -> int:
    return run_process("lab.fleet", PostgresConfig, run, lambda config: config.data_dir, argv)


if __name__ == "__main__":
    sys.exit(main())
