"""Every numbered rule of the law, by section: what it says, whence it comes, and what software does about it.

One module a section, a row a rule; `mediation.law.rules` puts them together. A row says what the rule is, never where
it is enforced: code names the numbers it enforces, tests are marked with them, and docs/rules.md is made of the three.
"""
