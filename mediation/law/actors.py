"""Who acts and what they may ever do: the role and action table, default deny.

One row an action, one cell an actor who may do it: `Y`, or the note (`C1` … `C14`) whose condition must hold too.
What is not in the table is denied; so DEF, PUB, INTEL and SYS, which have no cell, can do none of these actions.
The conditions themselves are in `access.py`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """The eighteen actors of the policies. INTEL is a requesting unit, PUB and DEF get material outside the system."""

    INV = "INV"
    SUP = "SUP"
    TARU = "TARU"
    TADM = "TADM"
    PROS = "PROS"
    JUDGE = "JUDGE"
    ICO = "ICO"
    IAB = "IAB"
    ITB = "ITB"
    APO = "APO"
    OAG = "OAG"
    VEND = "VEND"
    CARR = "CARR"
    DEF = "DEF"
    PUB = "PUB"
    INTEL = "INTEL"
    FILT = "FILT"
    SYS = "SYS"


class Action(StrEnum):
    DRAFT_REQUEST = "draft_request"
    RECORD_SUPERVISOR_DISCUSSION = "record_supervisor_discussion"
    SWEAR_APPLICATION = "swear_application"
    DECIDE_ORDER = "decide_order"
    CHECK_PAPERS = "check_papers"
    GRANT_ACCESS = "grant_access"
    GRANT_ACCESS_TO_ONESELF = "grant_access_to_oneself"
    ADMINISTER = "administer"
    START_EXIGENT_USE = "start_exigent_use"
    PROVISION_CARRIER = "provision_carrier"
    READ_CONTENT = "read_content"
    READ_CALL_IDENTIFYING = "read_call_identifying"
    MINIMISE = "minimise"
    MARK_PRIVILEGED = "mark_privileged"
    READ_PRIVILEGED_HOLD = "read_privileged_hold"
    READ_QUARANTINE = "read_quarantine"
    EXPORT_HAND_OFF = "export_hand_off"
    TURN_OVER_TO_PROSECUTOR = "turn_over_to_prosecutor"
    DELIVER_TO_DEFENCE = "deliver_to_defence"
    SEAL = "seal"
    ORDER_DESTRUCTION_OR_CUSTODY = "order_destruction_or_custody"
    DELETE_RECORD = "delete_record"
    INSTALL_COVERT_AUDIO = "install_covert_audio"
    USE_COVERT_AUDIO_WITHOUT_WARRANT = "use_covert_audio_without_warrant"
    READ_OWN_AUDIT = "read_own_audit"
    READ_FULL_AUDIT = "read_full_audit"
    APPROVE_DISCLOSURE = "approve_disclosure"
    MAINTAIN = "maintain"
    CHANGE_RECORDING = "change_recording"
    TURN_OFF_AUDIT_OR_GATE = "turn_off_audit_or_gate"


YES: Final = "Y"

_ROWS: Final[tuple[tuple[Action, str], ...]] = (
    (Action.DRAFT_REQUEST, "INV SUP PROS"),
    (Action.RECORD_SUPERVISOR_DISCUSSION, "SUP"),
    (Action.SWEAR_APPLICATION, "INV PROS"),
    (Action.DECIDE_ORDER, "JUDGE"),
    (Action.CHECK_PAPERS, "TARU"),
    (Action.GRANT_ACCESS, "TARU"),
    (Action.GRANT_ACCESS_TO_ONESELF, ""),
    (Action.ADMINISTER, "TARU:C1 TADM"),
    (Action.START_EXIGENT_USE, "INV:C2 TARU"),
    (Action.PROVISION_CARRIER, "TARU CARR:C3"),
    (Action.READ_CONTENT, "INV:C4 SUP:C5 TARU:C6 OAG:C7"),
    (Action.READ_CALL_IDENTIFYING, "INV:C4 SUP:C5 TARU:C6 OAG:C7"),
    (Action.MINIMISE, "INV:C4 SUP"),
    (Action.MARK_PRIVILEGED, "INV SUP TARU PROS OAG:C7 FILT"),
    (Action.READ_PRIVILEGED_HOLD, "FILT"),
    (Action.READ_QUARANTINE, "TARU:C6 PROS:C8 JUDGE ICO:C9 IAB:C9"),
    (Action.EXPORT_HAND_OFF, "INV:C10 SUP TARU"),
    (Action.TURN_OVER_TO_PROSECUTOR, "SUP TARU"),
    (Action.DELIVER_TO_DEFENCE, "PROS"),
    (Action.SEAL, "TARU JUDGE:C11"),
    (Action.ORDER_DESTRUCTION_OR_CUSTODY, "JUDGE"),
    (Action.DELETE_RECORD, ""),
    (Action.INSTALL_COVERT_AUDIO, "TARU"),
    (Action.USE_COVERT_AUDIO_WITHOUT_WARRANT, "INV:C12 SUP:C12"),
    (Action.READ_OWN_AUDIT, "INV SUP TARU TADM ICO IAB ITB OAG"),
    (Action.READ_FULL_AUDIT, "ICO:C13 IAB:C13 ITB"),
    (Action.APPROVE_DISCLOSURE, "APO"),
    (Action.MAINTAIN, "TARU TADM VEND:C14"),
    (Action.CHANGE_RECORDING, ""),
    (Action.TURN_OFF_AUDIT_OR_GATE, ""),
)


def _cells(row: str) -> dict[Role, str]:
    parted = (cell.partition(":") for cell in row.split())
    return {Role(role): note or YES for role, _, note in parted}


MATRIX: Final[dict[Action, dict[Role, str]]] = {action: _cells(row) for action, row in _ROWS}
"""`MATRIX[action].get(role)`: `Y`, a note, or None for denied."""
