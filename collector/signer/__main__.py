"""`python -m collector.signer --config FILE`."""

from __future__ import annotations

import sys

from collector.signer.config import SignerConfig
from collector.signer.service import run
from mediation.runtime.process import run_process


def main(argv: list[str] | None = None) -> int:
    return run_process("collector.signer", SignerConfig, run, lambda config: config.data_dir, argv)


if __name__ == "__main__":
    sys.exit(main())
