"""`python -m collector.reconcile --config FILE`."""

from __future__ import annotations

import sys

from collector.reconcile.config import ReconcileConfig
from collector.reconcile.service import run
from mediation.runtime.process import run_process


def main(argv: list[str] | None = None) -> int:
    return run_process("collector.reconcile", ReconcileConfig, run, lambda config: config.data_dir, argv)


if __name__ == "__main__":
    sys.exit(main())
