"""Content records over TCP at the collector as it is shipped: `calea-lab bench run cc200`, by its old name.

    python -m bench.end_to_end [options of calea-lab bench run]

Result: bench/results/cc200.json with its environment card; docs/bench.md says what is measured.
"""

from __future__ import annotations

import sys

from lab.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["bench", "run", "cc200"]
    main()
