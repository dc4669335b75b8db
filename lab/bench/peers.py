"""What other people's decoders take for the same records, measured beside a run by a process of its own.

The product imports none of them: `bench/peers.py` of the project's tree does, where it is there.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from lab.bench.profiles import Profile
from lab.bench.records import matrix_of
from lab.kernels import ROOT

RECORDS: Final = 64
PATIENCE_S: Final = 120.0


def measure_peers(profile: Profile) -> dict[str, int | str]:
    """Records per core-second by name, or why there is none. Empty where records are no content."""
    if profile.kind != "cc":
        return {}
    if not (ROOT / "bench" / "peers.py").exists():
        return {"peers": "measured in the project's own tree only (bench/peers.py)"}
    matrix, _ = matrix_of(profile, 0, int(time.time()))
    with tempfile.NamedTemporaryFile(suffix=".ber") as file:
        file.write(matrix.next(RECORDS, int(time.time())).octets)
        file.flush()
        try:
            said = subprocess.run(  # noqa: S603  our own module with our own file
                [sys.executable, "-m", "bench.peers", str(Path(file.name))],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            return {"peers": f"could not be measured: {type(error).__name__}"}
    found: dict[str, int | str] = json.loads(said.stdout)["records_per_core_s"]
    return found
