"""`python -m lab.bench.interpreted --config FILE`: the collector with its kernels read from their `.py`.

So it runs on a machine without a compiler. What is slow then is what is measured: all else is the same program.
"""

from __future__ import annotations

import importlib
import sys

from lab.kernels import use_sources


def main() -> int:
    use_sources()
    return int(importlib.import_module("collector.__main__").main(sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main())
