"""``make lab``: boots the runbook's cluster and opens a shell in its network.

python -m tests.lab [CLUSTER]        a key of tests.lab.cluster.CLUSTERS
"""

from __future__ import annotations

import signal
import sys

from tests.lab.cluster import CLUSTERS
from tests.lab.lab import start_lab
from tests.lab.say import say


def main() -> int:
    # However it ends, everything goes.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _: sys.exit(128 + got))
    cluster = sys.argv[1] if len(sys.argv) > 1 else "right"
    if cluster not in CLUSTERS:
        print(f"{cluster} is none of: {'; '.join(CLUSTERS)}", file=sys.stderr)
        return 2
    try:
        with start_lab() as lab:
            lab.become(cluster)
            say("the cluster is up; leave this shell to take everything down")
            lab.shell()
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
