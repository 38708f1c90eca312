"""Facts that follow from facts: one snapshot to clusters of hosts, as the rules see them. Pure."""

from __future__ import annotations

from auditor.derive.cluster import derive_clusters

__all__ = ["derive_clusters"]
