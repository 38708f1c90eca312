"""A load generator: asks for one page over and over, each time on a new connection, until its standard input ends.

python -m tests.lab.traffic ADDRESS        prints JSON: requests, failed, and milliseconds per request
"""

from __future__ import annotations

import http.client
import json
import select
import statistics
import sys
import time

PAUSE = 0.05


def main() -> None:
    took, failed = [], []
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        begun = time.monotonic()
        try:
            connection = http.client.HTTPConnection(sys.argv[1], timeout=10)
            connection.request("GET", "/")
            if connection.getresponse().status != 200:
                failed.append("not 200")
        except OSError as problem:
            failed.append(str(problem))
        finally:
            connection.close()
        took.append((time.monotonic() - begun) * 1000)
    percentiles = statistics.quantiles(took, n=100)
    print(
        json.dumps(
            {"requests": len(took), "failed": failed, "median": percentiles[49], "p95": percentiles[94]}
        )
    )


if __name__ == "__main__":
    main()
