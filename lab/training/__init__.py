"""Classes: trainees at the console, the lab in all other roles, scores from the signed audit (docs/training.md)."""
