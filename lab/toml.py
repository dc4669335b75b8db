"""Writing TOML: what `tomllib` reads back as the same value. Keys are ours, so bare keys do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def dumps(values: Mapping[str, Any]) -> str:
    """Scalars, paths, lists and nested mappings; `None` is left out, since TOML has no word for it."""
    lines: list[str] = []
    _section(values, (), lines)
    return "\n".join(lines) + "\n"


def _section(values: Mapping[str, Any], where: tuple[str, ...], lines: list[str]) -> None:
    tables = {key: value for key, value in values.items() if isinstance(value, Mapping)}
    arrays = {key: value for key, value in values.items() if _is_tables(value)}
    for key, value in values.items():
        if value is not None and key not in tables and key not in arrays:
            lines.append(f"{_key(key)} = {_value(value)}")
    for key, value in tables.items():
        name = (*where, _key(key))
        lines += ["", f"[{'.'.join(name)}]"]
        _section(value, name, lines)
    for key, items in arrays.items():
        name = (*where, _key(key))
        for item in items:
            lines += ["", f"[[{'.'.join(name)}]]"]
            _section(item, name, lines)


def _is_tables(value: object) -> bool:
    return isinstance(value, Sequence) and len(value) > 0 and all(isinstance(item, Mapping) for item in value)


def _key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() and key.isascii() else json.dumps(key)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str | Path):
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, Sequence):
        return f"[{', '.join(_value(item) for item in value)}]"
    raise TypeError(f"{type(value).__name__} has no place in TOML")
