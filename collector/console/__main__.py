"""`python -m collector.console --config FILE`."""

from __future__ import annotations

import sys

from collector.console.config import ConsoleConfig
from collector.console.service import run
from mediation.runtime.process import run_process


def main(argv: list[str] | None = None) -> int:
    return run_process("collector.console", ConsoleConfig, run, lambda config: config.data_dir, argv)


if __name__ == "__main__":
    sys.exit(main())
