"""The runbook's cluster, real: kernels of its own with IPVS, heartbeat and ldirectord, real servers, a client.

Each node is a user-mode Linux. ``make lab`` boots them to be looked at, ``make lab-test`` breaks them in all the
ways that ``scenarios`` describes and holds lvsaudit to what it must find, ``make lab-migrate`` moves them to new
hosts. Root and Debian.
"""
