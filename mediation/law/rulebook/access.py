"""Section D: who, from where, with what, for how long; and the separation of duties (SD)."""

from __future__ import annotations

from typing import Final

from mediation.law.rulebook.kinds import Hold, Rule

ACCESS: Final = (
    Rule("R-070", "Only staff of the technical unit grant access.", "S1, S0"),
    Rule("R-071", "The right to grant ends at the instant of a transfer out of the unit.", "S1"),
    Rule("R-072", "One person, one user id; an id in two facilities at once is an alarm.", "S1", Hold.RECORDED),
    Rule("R-073", "A case that is not granted is not there: the same answer as for one that does not exist.", "S1"),
    Rule("R-074", "Access lasts as long as the order or the exigency, and sessions are cut at its end.", "S1"),
    Rule("R-075", "The system is used at exactly four facilities.", "S1"),
    Rule("R-076", "At the facility are those the order authorises.", "S1"),
    Rule("R-077", "Only a CALEA station is a client; a claim to be one does not outweigh the network it comes "
         "from.",
         "S1"),
    Rule("R-078", "The network is closed: nothing connects outwards, listeners bind loopback unless told in "
         "words.",
         "S1; D"),
    Rule("R-079", "Who is not in the facility's entry log of this tour is not there.", "S1; D"),
    Rule("R-080", "Another agency's officer needs a court order for joint work and a grant for the case.", "S1"),
    Rule("R-081", "Vendors need a ticket, a need to know, least privilege and a time limit; content is not among "
         "it.",
         "S1"),
    Rule("R-082", "Vendor staff have a background check on file.", "S1"),
    Rule("R-083", "Operators are trained, and training expires.", "S1"),
    Rule("R-084", "A supervisor inspects the areas once a tour; a tour without is an alarm.", "S1", Hold.RECORDED),
    Rule("R-085", "Integrity officers, commanders and Internal Affairs may ask for an audit; the technology "
         "bureau runs it.",
         "S1"),
    Rule("R-086", "Misuse opens a review; a user is suspended when it is confirmed.", "S1"),
    Rule("R-087", "Cameras, handhelds and record management are never clients.", "S1, S2, S3, S4"),
    Rule("R-088", "There is no remote access, whatever the credentials.", "S1"),
    Rule("R-089", "No password or other secret stands in a configuration.", "S1; D"),
)  # fmt: skip

SEPARATION: Final = (
    Rule("SD-1", "Who asks for access does not grant it, and nobody grants it to themselves.", "D"),
    Rule("SD-2", "Who made a document does not check it.", "D"),
    Rule("SD-3", "A member who was transferred out grants nothing from that instant on.", "S1"),
    Rule("SD-4", "Who opens a vendor's ticket does not approve it.", "D"),
    Rule("SD-5", "Who reads the audit cannot write it; auditors read content only by a ruling.", "D"),
    Rule("SD-6", "Nobody switches off the gate or the audit, or edits a record.", "D"),
    Rule("SD-7", "A judge sees sealed material and reports, not an investigator's screens.", "D"),
)  # fmt: skip
