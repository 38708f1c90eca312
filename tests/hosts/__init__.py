"""Whole legacy hosts for tests: one description as text, served over a real sshd, or as a snapshot in memory."""
