"""The console: what an investigator, a technician and an auditor see."""
