"""J-STD-025-A, RECONSTRUCTED: T1.678's messages with the older CallId, and without those that came later.

Nobody here has read it (see `asn1.laes.jstd025`); every act, cause and field is T1.678's, assumed. Its content is
circuits, which nothing here has: packets go out as CCC datagrams, announced as T1.678 announces them (assumed).
"""

from __future__ import annotations

from typing import Any, Final

from asn1.laes import jstd025
from asn1.laes.message import CdcMessage
from mediation.laes import t1678
from mediation.laes.calls import Act
from mediation.laes.moment import Builder, Cause, Moment, visible

_NAMES: Final = frozenset(row.name for row in jstd025.LAES_MESSAGE.fields)

CAUSES: Final[dict[str, Cause]] = {
    **{name: Cause("assumed", cause.words) for name, cause in t1678.CAUSES.items() if name in _NAMES},
    "connTest": Cause("none", "the route that sends a test serves T1.678 alone"),
    "packetEnvelope": Cause("none", "its inner form is known from no source, so nothing is sent in it"),
}


def _reconstructed(builder: Builder) -> Builder:
    def build(moment: Moment) -> CdcMessage | None:
        made = builder(moment)
        if made is None or made.name not in _NAMES:
            return None
        return CdcMessage(made.name, _older(made.fields, visible(moment.site.system, 15)))

    return build


def _older(value: Any, system: str) -> Any:  # noqa: ANN401  any decoded value
    """The value with each CallId in its older form."""
    if isinstance(value, dict):
        if "main" in value and value.keys() <= {"main", "leg"}:
            return {"sequencenumber": f"{value['main']},{value.get('leg', '1')}", "systemidentity": system}
        return {name: _older(held, system) for name, held in value.items()}
    if isinstance(value, list):
        return [_older(one, system) for one in value]
    return tuple(_older(one, system) for one in value) if isinstance(value, tuple) else value


BUILDERS: Final[dict[Act, Builder]] = {act: _reconstructed(builder) for act, builder in t1678.BUILDERS.items()}
