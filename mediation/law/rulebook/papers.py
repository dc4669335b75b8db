"""Section C: documents, applications, findings, and what the carrier needs."""

from __future__ import annotations

from typing import Final

from mediation.law.rulebook.kinds import Hold, Rule

PAPERS: Final = (
    Rule("R-050", "An ordinary request has a complaint number, the number or web address asked for, and the "
         "signed order.",
         "S1"),
    Rule("R-051", "An exigent request has a complaint number, the number asked for, the declaration, and the "
         "emergency order, which may follow by its deadline where the settings say so.",
         "S1"),
    Rule("R-052", "A pen register order shows applicant, date, judge, subscriber and subject if known, number and "
         "place if known, geographic limits, and the crime.",
         "V CPL 705.20(3)"),
    Rule("R-053", "A warrant shows applicant, date, judge, person if known, place, kinds of communication, "
         "offence, agency, period and automatic end, minimisation, and authority to enter where needed.",
         "V CPL 700.30"),
    Rule("R-054", "The application is sworn by investigator and prosecutor.", "S1; V CPL 705.15(1)"),
    Rule("R-055", "A pen register takes two findings: reasonable suspicion of a designated crime, and relevance.",
         "S1; V CPL 705.10(2)"),
    Rule("R-056", "A warrant takes three findings: probable cause of a designated offence, probable cause that it "
         "will be talked about, and that other ways failed, would fail or are too dangerous.",
         "S1; V 18 USC 2518(1)(c)"),
    Rule("R-057", "The offence is on the list that the kind of order and the court have.", "S1"),
    Rule("R-058", "The carrier gets the same papers first, and enables by its own copy only.", "S1"),
    Rule("R-059", "The carrier activates with lawful authority and by the act of a named employee.",
         "V 47 USC 1004; V 47 CFR 1.20003(a)"),
    Rule("R-060", "The carrier certifies each interception: circuit, start, presenting officer, signer, type, and "
         "the responsible person who signs.",
         "V 47 CFR 1.20004(a)"),
    Rule("R-061", "An interception without authority is certified too.", "V 47 CFR 1.20004(a)"),
    Rule("R-062", "Unlawful interception or a compromise that is discovered is reported between carrier and "
         "agency.",
         "V 47 CFR 1.20003(c)", Hold.RECORDED),
    Rule("R-063", "A supervisor has discussed the use, and the reasons are on record, before it begins.", "S1"),
    Rule("R-064", "Where political activity is investigated, only the Intelligence Division may ask.", "S1"),
    Rule("R-065", "Immigration enforcement is refused as a purpose, for access, export and sharing.", "S1, S4"),
    Rule("R-066", "The purpose is one of the four that exist.", "S1"),
    Rule("R-067", "Progress reports come at the interval the judge set; an overdue one is an alarm and stops "
         "nothing.",
         "V CPL 700.50(1)", Hold.RECORDED),
)  # fmt: skip
