"""Builds the compiled kernels; everything else about the package is in pyproject.toml.

    python setup.py -q build_ext --inplace

One source for two paths (docs/adr/0002-one-source-two-paths.md): each kernel is an ordinary `.py` that Cython compiles
with the types of the `.pxd` beside it. A machine without a compiler still installs, and runs the same files slowly.
With CALEA_REQUIRE_COMPILED=1, which `make` sets, a kernel that does not build is an error. With CALEA_KERNELS_BUILT=1
they are left as they stand: `make` builds them first and then installs the package without building them again.
"""

from __future__ import annotations

import fcntl
import os
import warnings
from pathlib import Path
from typing import Any

from Cython.Build import cythonize
from Cython.Compiler.Errors import CompileError
from setuptools import Extension, setup

HERE = Path(__file__).resolve().parent
BUILT = os.environ.get("CALEA_KERNELS_BUILT") == "1"
REQUIRED = os.environ.get("CALEA_REQUIRE_COMPILED") == "1"

KERNELS = (
    "asn1.columns",
    "asn1.scan_ber",
    "asn1.scan_payload",
    "asn1.scan",
    "asn1.template",
    "asn1.walk",
    "carrier_sim.load.packets",
    "carrier_sim.load.streams",
    "collector.communications",
    "collector.facts.ordinary",
    "collector.facts.plain_calls",
    "collector.facts.plain_cdc",
    "collector.facts.plain_messages",
    "collector.facts.plain_tpdu",
    "collector.fleet.touched",
    "collector.facts.sip_octets",
    "collector.facts.plain_sip",
    "collector.json_text",
    "collector.keyed_digest",
    "collector.mask",
    "collector.quality",
    "collector.synthetic",
    "collector.ordinary",
    "collector.stream_table",
    "collector.gate_columns",
    "collector.refused_columns",
    "collector.rows",
    "collector.intake",
    "collector.store.crc",
    "collector.store.index_details",
    "collector.store.index_events",
    "collector.store.index_rows",
    "collector.store.pack",
    "collector.store.sealing",
    "collector.store.sums",
    "mediation.ledger.kernel",
    "mediation.ledger.ways",
    "mediation.x3_contexts",
)

# What a kernel needs beyond the defaults: keyword arguments of setuptools.Extension.
EXTRA: dict[str, dict[str, Any]] = {
    "collector.keyed_digest": {"libraries": ["crypto"]},
    "collector.store.pack": {"libraries": ["crypto"]},
    "collector.store.sealing": {"libraries": ["crypto"]},
    "mediation.ledger.kernel": {"libraries": ["crypto"]},
    "mediation.ledger.ways": {"libraries": ["crypto"]},
}

DIRECTIVES = {
    "language_level": 3,
    "annotation_typing": False,  # types come from the .pxd alone; annotations are for mypy and readers
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
}


def extensions(failed: list[str]) -> list[Extension]:
    """The kernels that are there, each turned into C by itself: one that does not compile must not stop the others."""
    found: list[Extension] = []
    for name in KERNELS:
        source = name.replace(".", "/") + ".py"
        if not (HERE / source).exists():
            continue
        kernel = Extension(name, [source], extra_compile_args=["-O3"], optional=not REQUIRED, **EXTRA.get(name, {}))
        try:
            found += cythonize([kernel], compiler_directives=DIRECTIVES, quiet=True)
        except CompileError:
            failed.append(name)
    return found


os.chdir(HERE)
failed: list[str] = []
lock = HERE / "build" / ".lock"
lock.parent.mkdir(exist_ok=True)
with lock.open("w") as held:
    # Two builds in one tree would write each other's files.
    fcntl.flock(held, fcntl.LOCK_EX)
    setup(ext_modules=[] if BUILT else extensions(failed))
if failed:
    message = f"not compiled: {', '.join(failed)}; the errors are above"
    if REQUIRED:
        raise SystemExit(message)
    warnings.warn(f"{message}. They run interpreted, and slowly", stacklevel=1)
