"""Section I: the devices around the system."""

from __future__ import annotations

from typing import Final

from mediation.law.rulebook.kinds import Rule

DEVICES: Final = (
    Rule("R-160", "A covert recorder that is full stops.", "S0"),
    Rule("R-161", "The store is no such device: it is never full, it makes room.", "S0, S1"),
    Rule("R-162", "Covert recordings under a warrant come in here; others never do.", "S0"),
    Rule("R-163", "Only the technical unit installs devices for a warrant, with complete papers.", "S0"),
    Rule("R-164", "A device is active inside the warrant's period, then it is returned.", "S0"),
    Rule("R-165", "A recording with one party's consent takes a supervisor's authorisation and stays out of here.",
         "S0"),
    Rule("R-166", "Where privacy is expected it takes a warrant that names the device.", "S0"),
    Rule("R-167", "A recording cannot be edited.", "S0; V CPL 700.35(3)"),
    Rule("R-168", "Most devices cannot stream; each says whether it can.", "S0"),
    Rule("R-169", "A camera that is full stops; it is never a source or a client.", "S3"),
    Rule("R-170", "A handheld that is full stops; it never reaches this system.", "S1, S2"),
    Rule("R-171", "Record management makes no recordings and never pulls from here.", "S4"),
    Rule("R-172", "No biometric measurement is used; people sign in with id and password.", "S1"),
    Rule("R-173", "A hand-off goes into a case-management system and nowhere else.", "S1, S4"),
)  # fmt: skip
