"""Section B: exigent circumstances, their clocks and what a lapse does."""

from __future__ import annotations

from typing import Final

from mediation.law.rulebook.kinds import Hold, Rule

EXIGENT: Final = (
    Rule("R-030", "Exigent use takes a declaration of four things: a designated crime, an emergency because of "
         "it, an imminent danger of serious injury or death that leaves no time to apply, and the "
         "purpose to avert it.",
         "S1"),
    Rule("R-031", "That somebody may flee is no exigency on its own.", "S1"),
    Rule("R-032", "An exigent pen register takes reasonable belief, exigent eavesdropping probable cause.", "S1"),
    Rule("R-033", "An exigent pen register has its emergency order within 48 hours of the first use.",
         "S1; V 18 USC 3125(a)-(b)"),
    Rule("R-034", "Exigent eavesdropping before a state court has its emergency order within 24 hours of the "
         "first use.",
         "S1"),
    Rule("R-035", "Exigent eavesdropping before a federal court has its emergency order within 48 hours of the "
         "first use.",
         "S1; V 18 USC 2518(7)"),
    Rule("R-036", "The clock of an exigent use starts with its activation, not with the first record.",
         "V 18 USC 3125(a)"),
    Rule("R-037", "An exigent use whose deadline passed without an order has lapsed.", "S1; V 18 USC 3125(b)"),
    Rule("R-038", "An exigent use ends when the application is denied.", "V 18 USC 3125(b)"),
    Rule("R-039", "An exigent use ends when the information sought is obtained.", "V 18 USC 3125(b)"),
    Rule("R-040", "Of the deadline, a denial, the information obtained and the end of the exigency, the first "
         "ends it.",
         "V 18 USC 3125(b); S1"),
    Rule("R-041", "What was taken in a window that lapsed is set apart for legal review; nobody who investigates "
         "reads it, and nobody deletes it.",
         "D; M 18 USC 2518(7)"),
    Rule("R-042", "A late approval covers from its own start on and reopens nothing.", "D"),
    Rule("R-043", "A temporary warrant on an oral application has an end of its own, 24 hours after its issue.",
         "P CPL 700.21(4); M"),
    Rule("R-044", "An oral application is sworn and recorded, and its transcript filed within 24 hours of the "
         "issue.",
         "V CPL 700.21(2)-(3)", Hold.RECORDED),
    Rule("R-045", "Papers that are missing block access in an emergency too.", "S1; S0"),
)  # fmt: skip
