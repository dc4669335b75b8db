"""Writes the golden records of what is sent: `python -m tests.mediation.laes.regenerate`, then look at the difference.

One file a dialect: the first record of each message, with the scene that caused it, in the form that the walks over
record types and the oracles read. They pin what this sender writes;
that the octets are the standard's is for the vectors of others (tests/vectors/us) and the decoders held against them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.mediation.laes.played import FORMS, every_scene

DIRECTORY = Path(__file__).parents[2] / "vectors" / "laes_sent"


RECORDS = {
    "t1678": "laes.t1678.LAES_PROTOCOL",
    "pcesp": "laes.pcesp.CDC_PDU",
    "ias": "laes.ias.IAS_PROTOCOL",
    "jstd025": "laes.jstd025.LAES_PROTOCOL",
}


def goldens(dialect: str) -> dict[str, Any]:
    found: dict[str, dict[str, str]] = {}
    for scene, played in every_scene(dialect).items():
        for name, octets in zip(played.names, played.octets, strict=True):
            found.setdefault(name, {"name": name, "octets": octets.hex(), "source": f"sent here: {scene}"})
    return {"record": RECORDS[dialect], "clause": "", "vectors": [found[name] for name in sorted(found)]}


if __name__ == "__main__":
    DIRECTORY.mkdir(exist_ok=True)
    for one in FORMS:
        (DIRECTORY / f"{one}.json").write_text(json.dumps(goldens(one), indent=1) + "\n")
