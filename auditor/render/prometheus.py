"""Numbers for Prometheus' textfile collector: the verdict, and findings by rule, host and state."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TextIO

from auditor.model.findings import Report
from auditor.render.visible import visible


def render_prometheus(report: Report, out: TextIO) -> None:
    """Text format 0.0.4. Only what fails or is unknown has a line of its own; the rest is in the totals."""
    started = datetime.fromisoformat(report.run.started).timestamp()
    lines = [
        "# HELP lvsaudit_ready 1 when everything was looked at and nothing blocks.",
        "# TYPE lvsaudit_ready gauge",
        f"lvsaudit_ready {int(report.verdict.state == 'ready')}",
        "# HELP lvsaudit_complete 1 when nothing was left that could not be looked at.",
        "# TYPE lvsaudit_complete gauge",
        f"lvsaudit_complete {int(report.verdict.complete)}",
        "# HELP lvsaudit_started_timestamp_seconds When the run began.",
        "# TYPE lvsaudit_started_timestamp_seconds gauge",
        f"lvsaudit_started_timestamp_seconds {started:.0f}",
        "# HELP lvsaudit_checks Findings by state.",
        "# TYPE lvsaudit_checks gauge",
        *(
            f'lvsaudit_checks{{state="{state}"}} {count}'
            for state, count in sorted(report.verdict.counts.items())
        ),
        "# HELP lvsaudit_host_read 1 when the host was read whole.",
        "# TYPE lvsaudit_host_read gauge",
        *(
            f'lvsaudit_host_read{{host="{_label(host.name)}"}} {int(host.status == "ok")}'
            for host in report.hosts
        ),
        "# HELP lvsaudit_findings What fails or could not be told.",
        "# TYPE lvsaudit_findings gauge",
    ]
    found = Counter(
        (one.rule, one.severity, one.host or "", one.cluster or "", one.state)
        for one in report.findings
        if one.state in {"fail", "unknown", "waived"}
    )
    for key, count in sorted(found.items()):
        names = ("rule", "severity", "host", "cluster", "state")
        labels = ",".join(f'{name}="{_label(value)}"' for name, value in zip(names, key, strict=True))
        lines.append(f"lvsaudit_findings{{{labels}}} {count}")
    out.write("\n".join(lines) + "\n")


def _label(text: str) -> str:
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')
