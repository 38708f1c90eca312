"""Records the lab's cluster as the runbook prints it, for ``lvsaudit demo``.

python -m tests.lab.record FOLDER        (root)
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests.lab.lab import start_lab

# The table's counters then show what each real server gets, and that ld2 answers none of it.
VISITORS = "for visitor in $(seq 70); do curl -s -m 1 -o /dev/null http://202.75.216.173/; done; exit 0"


def main() -> None:
    place = Path(sys.argv[1])
    with start_lab() as lab:
        lab.become("printed, one after the other")
        lab.sh("client", VISITORS)
        recorded = lab.collect()
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(recorded, place)


if __name__ == "__main__":
    main()
