"""`python -m lab.training --config FILE`: the trainer's process of a class."""

from __future__ import annotations

import sys

from lab.training.config import TrainerConfig
from lab.training.service import run
from mediation.runtime.process import run_process


def main(argv: list[str] | None = None) -> int:
    return run_process("lab.training", TrainerConfig, run, lambda config: config.data_dir, argv)


if __name__ == "__main__":
    sys.exit(main())
