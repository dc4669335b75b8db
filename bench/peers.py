"""What other people's decoders take for the records a benchmark sends: decoding alone, nothing gated, signed or stored.

    python -m bench.peers RECORDS.ber      one JSON object: a decoder's name, and its records per core-second

Each decodes the same PS-PDUs into its own values, in this process, for about a second of CPU time, and has to find the
LIID that we find. pyasn1 takes the whole record description (`asn1.table_pyasn1`); asn1tools and pycrate take
`bench/peers.asn`, which knows nothing but what is in these records: a smaller type, to their advantage. A decoder that
is not installed, or refuses the records, is named with its reason.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from asn1 import ps_pdu, tlv

MODULE = Path(__file__).with_name("peers.asn")
SECONDS = 1.0
TYPE = "PS-PDU"
Decode = Callable[[bytes], bytes]
"""One record to its LIID."""


def pyasn1_decoder() -> Decode:
    from pyasn1.codec.ber import decoder

    from asn1.ps_tables import PS_PDU
    from asn1.table_pyasn1 import build

    spec = build(PS_PDU)

    def decode(octets: bytes) -> bytes:
        value, _ = decoder.decode(octets, asn1Spec=spec)
        return bytes(value["pSHeader"]["lawfulInterceptionIdentifier"])

    return decode


def asn1tools_decoder() -> Decode:
    import asn1tools

    module = asn1tools.compile_files(str(MODULE), "ber")

    def decode(octets: bytes) -> bytes:
        return bytes(module.decode(TYPE, octets)["pSHeader"]["lawfulInterceptionIdentifier"])

    return decode


def pycrate_decoder() -> Decode:
    from pycrate_asn1c.asnproc import PycrateGenerator, compile_text, generate_modules

    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "bench_record.py"
        with contextlib.redirect_stdout(io.StringIO()):
            compile_text(MODULE.read_text("utf-8"))
            generate_modules(PycrateGenerator, str(path))
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    record: Any = module.BenchRecord.PS_PDU

    def decode(octets: bytes) -> bytes:
        record.from_ber(octets)
        return bytes(record.get_val()["pSHeader"]["lawfulInterceptionIdentifier"])

    return decode


PEERS: dict[str, Callable[[], Decode]] = {
    "pyasn1": pyasn1_decoder,
    "asn1tools": asn1tools_decoder,
    "pycrate": pycrate_decoder,
}


def rate(decode: Decode, records: Sequence[bytes], liids: Sequence[bytes], seconds: float) -> int:
    """Records per core-second. Raises ValueError when it finds another LIID."""
    for octets, liid in zip(records[:16], liids, strict=False):
        if decode(octets) != liid:
            raise ValueError("it finds another LIID")
    done, began = 0, time.process_time()
    while (used := time.process_time() - began) < seconds:
        for octets in records[:64]:
            decode(octets)
        done += len(records[:64])
    return round(done / used)


def split(stream: bytes) -> list[bytes]:
    """The records of a stream, one after another."""
    found, at = [], 0
    while at < len(stream):
        end = tlv.read_tlv(stream, at, len(stream)).end
        found.append(stream[at:end])
        at = end
    return found


def measure(records: Sequence[bytes], seconds: float = SECONDS) -> dict[str, int | str]:
    liids = [ps_pdu.decode_ps_pdu(one).header.liid for one in records[:16]]
    found: dict[str, int | str] = {}
    for name, make in PEERS.items():
        try:
            found[name] = rate(make(), records, liids, seconds)
        except ImportError:
            found[name] = "not installed"
        except Exception as error:  # libraries raise what they like; any error is a refusal
            found[name] = f"refuses the records: {type(error).__name__}: {error}"[:200]
    return found


def main() -> None:
    found = measure(split(Path(sys.argv[1]).read_bytes()))
    versions = {name: version(name) for name, value in found.items() if isinstance(value, int)}
    print(json.dumps({"records_per_core_s": found, "versions": versions}))


if __name__ == "__main__":
    main()
