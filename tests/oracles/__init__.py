"""The real programs as judges: what they make of a file, asked as often as a test likes."""

from pathlib import Path

UNPACKED = Path(__file__).parents[2] / ".cache/debian/root"
"""Where ``make test`` unpacks the Debian packages of daemons and judges; nothing of them is ever installed."""
