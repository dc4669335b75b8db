"""`python -m lab.court_office --config FILE`."""

from __future__ import annotations

import sys

from lab.court_office.config import CourtOfficeConfig
from lab.court_office.service import run
from mediation.runtime.process import run_process


def main(argv: list[str] | None = None) -> int:
    return run_process("lab.court_office", CourtOfficeConfig, run, lambda config: config.data_dir, argv)


if __name__ == "__main__":
    sys.exit(main())
