"""`python -m collector --config FILE`."""

from __future__ import annotations

import sys

from collector.config import CollectorConfig
from collector.service import run
from mediation.runtime.process import run_process


def main(argv: list[str] | None = None) -> int:
    return run_process("collector", CollectorConfig, run, lambda config: config.data_dir, argv)


if __name__ == "__main__":
    sys.exit(main())
