"""Published ASN.1 modules, compiled by pycrate and by asn1tools: the same octets, the same values.

What compiles them decides which record an oracle knows: it does when its modules have a type of the record's name. No
module text is in this repository. pycrate's package carries compiled ones; the source package of Wireshark in Debian
has TS 33.128 as text; more are read from a directory given on the command line.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from asn1.errors import DecodeError
from asn1.table import decode
from tools.oracles.record import ACCEPTED, Record, Verdict, refused
from tools.oracles.same import difference

Reader = Callable[[bytes], Any]

_MODULES: Final = {"ps-pdu": "LI_PS_PDU", "xiri": "TS33128Payloads", "iri": "TS33128Payloads", "cc": "TS33128Payloads"}
"""Where the type of a layer is defined: LI-PS-PDU has an IRIPayload as well, and it is another one."""
_PACKAGED: Final = ("LIX3GPP", "LIETSI", "LI3GPP")
"""Modules of pycrate's package that are about lawful interception, the newest first."""


class Published:
    """An oracle made of readers: a type's name, alone and as `module.type` -> what reads it."""

    def __init__(self, name: str, made_of: str, readers: Mapping[str, Reader]) -> None:
        self.name = name
        self.version = made_of
        self.checks = "decodes the whole record by the published module and finds the values that we find"
        self._readers = readers

    def judge(self, records: Sequence[Record]) -> dict[int, Verdict]:
        verdicts = {}
        for number, record in enumerate(records):
            if record.described is None:
                continue
            name = record.described.name.replace("-", "_")
            module = _MODULES.get(record.layer)
            reader = self._readers.get(name if module is None else f"{module}.{name}")
            if reader is not None:
                verdicts[number] = _judged(record, reader)
        return verdicts


def _judged(record: Record, reader: Reader) -> Verdict:
    assert record.described is not None
    try:
        theirs = reader(record.octets)
    except Exception as error:  # libraries raise what they like; any error is a refusal
        return refused(f"{type(error).__name__}: {error}")
    try:
        found = difference(record.described, decode(record.described, record.octets), theirs)
    except (DecodeError, TypeError, ValueError, KeyError) as error:
        return refused(f"values of another shape: {type(error).__name__}: {error}")
    return refused(found.removeprefix(".")) if found else ACCEPTED


# ---- pycrate


def packaged() -> Published:
    """pycrate with the modules its package carries."""
    from pycrate_asn1dir import LI3GPP, LIETSI, LIX3GPP  # several MB of tables: loaded when asked for

    modules = {"LIX3GPP": LIX3GPP, "LIETSI": LIETSI, "LI3GPP": LI3GPP}
    readers = _pycrate_readers([modules[name] for name in _PACKAGED])
    made_of = f"pycrate {version('pycrate')}, modules in its package (TS 33.128 of release 16, PCESP, HI2, TS 33.108)"
    return Published("pycrate", made_of, readers)


def compiled_by_pycrate(modules: Path, cache: Path) -> Published:
    """pycrate with the modules of a directory."""
    from pycrate_asn1c.asnproc import PycrateGenerator, compile_text, generate_modules

    texts = _texts(modules)
    digest = sha256("".join(texts).encode()).hexdigest()[:16]
    generated = cache / f"published_{digest}.py"
    if not generated.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with contextlib.redirect_stdout(io.StringIO()):
            compile_text(texts)
            generate_modules(PycrateGenerator, str(generated))
    spec = importlib.util.spec_from_file_location(generated.stem, generated)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Published(
        "pycrate, more modules", f"pycrate {version('pycrate')}, {_provenance(modules)}", _pycrate_readers([module])
    )


def _pycrate_readers(sources: Sequence[ModuleType]) -> dict[str, Reader]:
    readers: dict[str, Reader] = {}
    for source in sources:
        for module in vars(source).values():
            if isinstance(module, type) and hasattr(module, "_all_"):
                for name, record in vars(module).items():
                    if hasattr(record, "from_ber"):
                        readers.setdefault(name, _pycrate_reader(record))
                        readers.setdefault(f"{module.__name__}.{name}", _pycrate_reader(record))
    return readers


def _pycrate_reader(record: Any) -> Reader:  # noqa: ANN401  pycrate has no types
    def read(octets: bytes) -> Any:  # noqa: ANN401
        record.from_ber(octets)
        value = record.get_val()
        if _has_extension(value):
            raise ValueError("fields that this version of the module does not have")
        return value

    return read


def _has_extension(value: Any) -> bool:  # noqa: ANN401
    if isinstance(value, dict):
        return any(str(name).startswith("_ext") or _has_extension(held) for name, held in value.items())
    if isinstance(value, list):
        return any(_has_extension(item) for item in value)
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
        return value[0].startswith("_ext") or _has_extension(value[1])
    return False


# ---- asn1tools


def compiled_by_asn1tools(modules: Path, name: str, made_of: str = "") -> Published:
    """asn1tools with the modules of a directory. It has no RELATIVE-OID; under a context tag it is an OCTET STRING."""
    import asn1tools

    texts = [re.sub(r"\bRELATIVE-OID\b", "OCTET STRING", text) for text in _texts(modules)]
    specification = asn1tools.compile_string("\n".join(texts), "ber")
    readers: dict[str, Reader] = {}
    for module, types in specification.modules.items():
        for type_name, compiled in types.items():
            for key in (type_name, f"{module}.{type_name}"):
                readers.setdefault(key.replace("-", "_"), _asn1tools_reader(compiled))
    return Published(name, f"asn1tools {version('asn1tools')}, {made_of or _provenance(modules)}", readers)


def _asn1tools_reader(compiled: Any) -> Reader:  # noqa: ANN401  asn1tools has no types
    def read(octets: bytes) -> Any:  # noqa: ANN401
        value, length = compiled.decode_with_length(octets)
        if length != len(octets):
            raise ValueError(f"{len(octets) - length} octets are left over")
        return value

    return read


# ---- modules as text


def _texts(modules: Path) -> list[str]:
    paths = sorted(path for path in modules.iterdir() if path.suffix in (".asn", ".asn1"))
    return [_restored(path.read_text("utf-8", "replace")) for path in paths]


def _restored(text: str) -> str:
    """Object ids of the services are RELATIVE-OIDs as published; copies made for other compilers say otherwise. A type
    named with its module is one that is imported by name anyway, and compilers stumble over the form."""
    text = re.sub(r"(\]\s+)[A-Z][A-Za-z0-9-]*\.(?=[A-Z])", r"\1", text)
    text = re.sub(r"((?:[A-Za-z-]*[oO]bj-?[iI]d)\s+\[0\]\s+)OBJECT IDENTIFIER", r"\1RELATIVE-OID", text)
    return re.sub(r"(\w*(?:PayloadOID|RecordOID|RelativeOID)\s+\[1\]\s+)OBJECT IDENTIFIER", r"\1RELATIVE-OID", text)


def _provenance(modules: Path) -> str:
    """What the directory says of itself: the first line of PROVENANCE in it, or the count of its modules."""
    told = modules / "PROVENANCE"
    if told.is_file():
        return told.read_text("utf-8").strip().splitlines()[0]
    return f"{len(_texts(modules))} modules of the directory given"
