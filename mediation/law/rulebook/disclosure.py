"""Section H: giving records away."""

from __future__ import annotations

from typing import Final

from mediation.law.rulebook.kinds import Hold, Rule

DISCLOSURE: Final = (
    Rule("R-150", "Records are used for law enforcement or other official business, and disclosed as duty "
         "requires.",
         "S1"),
    Rule("R-151", "Who asks is identified, with their affiliation, before anything is released.", "S1"),
    Rule("R-152", "Disclosure outside takes one of seven grounds, three of them with written approval.", "S1"),
    Rule("R-153", "Immigration enforcement is refused on any ground.", "S1"),
    Rule("R-154", "An improper disclosure is reported within 24 hours of becoming known.", "S1", Hold.RECORDED),
    Rule("R-155", "Those affected are told in writing, and a summary without names is published each quarter.",
         "S1", Hold.RECORDED),
    Rule("R-156", "The prosecutor gets a package, not a login; the defence gets it by discovery.", "S1"),
    Rule("R-157", "Other agencies ask case management, not this system.", "S1"),
    Rule("R-158", "Requests of the public are reviewed one by one; nothing is released by itself.", "S1"),
    Rule("R-159", "There is no release to press or community from this system.", "S0, S2, S3, S4 against S1"),
)  # fmt: skip
