"""`python -m collector.desk --config FILE`."""

from __future__ import annotations

import sys

from collector.desk.config import DeskConfig
from collector.desk.service import run
from mediation.runtime.process import run_process


def main(argv: list[str] | None = None) -> int:
    return run_process("collector.desk", DeskConfig, run, lambda config: config.data_dir, argv)


if __name__ == "__main__":
    sys.exit(main())
