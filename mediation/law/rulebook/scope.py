"""Section F: what of a communication may be taken, minimisation, privilege."""

from __future__ import annotations

from typing import Final

from mediation.law.rulebook.kinds import Rule

SCOPE: Final = (
    Rule("R-110", "A pen register or trap and trace takes no content.", "S1; V 18 USC 3121(c)"),
    Rule("R-111", "Digits dialled after the call is answered are withheld on a pen register.",
         "V 515 F.Supp.2d 325 (summary)"),
    Rule("R-112", "Location is withheld on a pen register unless the order names it.", "M CALEA 103(a)(2)"),
    Rule("R-113", "Of a message, a pen register keeps who, to whom, when, which way and how large.", "S1; I"),
    Rule("R-114", "A subject line is content.", "V 396 F.Supp.2d 45; I"),
    Rule("R-115", "A pen register on a web address yields the visitor's address and the time, nothing else.",
         "S1; I"),
    Rule("R-116", "A warrant covers the kinds of communication it lists.", "V CPL 700.30(4); S1"),
    Rule("R-117", "Data content needs a warrant that names network traffic.", "S1"),
    Rule("R-118", "Interception is minimised: out of scope the monitor stops, and may check for a few seconds now "
         "and then.",
         "V CPL 700.30(7); V 18 USC 2518(5); D numbers"),
    Rule("R-119", "What is in code or a foreign language may be minimised afterwards where the warrant says so.",
         "V CPL 700.35(4)"),
    Rule("R-120", "What is privileged is hidden from investigators and goes to a filter; lifting that takes a "
         "supervisor and a reason.",
         "D"),
    Rule("R-121", "Content about a crime that the warrant does not name is fenced until it is amended.",
         "M CPL 700.65(4)"),
    Rule("R-122", "Content of a wrong target is never stored.", "D"),
)  # fmt: skip
