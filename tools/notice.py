"""Write NOTICE: every pinned dependency with the licence its own metadata names.

    make notice

Reads the environment's installed metadata for the names in requirements.lock, so NOTICE and lock belong together.
"""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

HEAD = """NOTICE

calea-lab is a simulation for tests, benchmarks and training. The licence of the project itself is its owner's to
choose; none is granted by this file.

It is built on the packages below, each under its own licence, as named by its own metadata. They are installed by
`make` from requirements.lock and are not part of this repository.

scapy is GPL-2.0-only. It is imported by one module, carrier_sim/packets.py, and runs in one process, the carrier
simulator; an import contract (`make check`) keeps it there. Whoever distributes the carrier simulator together with
scapy has that licence to observe.

axe-playwright-python contains axe-core, MPL-2.0; tests alone use it, unchanged.

"""


def pinned() -> list[tuple[str, str]]:
    """(name, version) of every package in requirements.lock, in its order."""
    return re.findall(r"^([A-Za-z0-9_.-]+)==([^ \\\n]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)


def licence(found: Distribution) -> str:
    """The SPDX expression if there is one, else the classifiers, else the first line of the licence field."""
    meta = found.metadata
    if expression := meta.get("License-Expression"):
        return expression
    classifiers = [
        line.rsplit(" :: ", 1)[-1] for line in meta.get_all("Classifier") or [] if line.startswith("License :: ")
    ]
    named = [one for one in classifiers if one not in ("OSI Approved", "DFSG approved")]
    if named:
        return " / ".join(named)
    return (meta.get("License") or "not named in its metadata").strip().splitlines()[0]


def main() -> None:
    rows = []
    for name, version in pinned():
        try:
            rows.append((name, version, licence(distribution(name))))
        except PackageNotFoundError:
            rows.append((name, version, "not installed here (another platform or Python version)"))
    width = max(len(f"{name} {version}") for name, version, _ in rows)
    body = "\n".join(f"{f'{name} {version}':{width}}  {text}" for name, version, text in rows)
    (ROOT / "NOTICE").write_text(f"{HEAD}{body}\n", "utf-8")


if __name__ == "__main__":
    main()
