# make demo   sets everything up and scans the recorded cluster
# make test   sets everything up, Debian packages included when root, and runs the tests
# make check  linters, types, import contracts
# make mutants  spoils every artifact of every example cluster in every way: no rule may come out better (long)
# make bench  a fleet of real sshd on loopback, beside the OpenSSH client (root); fleets of 3,000 judged; the readers
# make lab    boots the runbook's cluster, real kernels and daemons, and opens a shell in its network (root, Debian)
# make lab-test  breaks that cluster in every way we know and holds the program to what it must find (root, Debian)
# make lab-migrate  migrates that cluster to new hosts and proves that they do what the old ones did (root, Debian)
# make clean  takes away what the others made, reports excepted

UV := $(or $(shell command -v uv),.cache/uv/bin/uv)
READY := .venv/.ready
BIN := .venv/bin
# What the tests need beyond Python: real SSH servers and clients, old shells, namespaces, a browser for the report.
DEBIAN := openssh-server openssh-client busybox-static tcsh sudo iproute2 procps chromium keepalived iptables net-tools \
	perl netbase libsocket6-perl libglib2.0-0 libltdl7
DEBIAN += curl systemd libgmp10 libgnutls30 libjansson4 libreadline8 libxml2 libxslt1.1 libxtables12
# The daemons whose parsers the readers are held against. Unpacked, not installed: no service of theirs can start.
DAEMONS := ldirectord heartbeat cluster-glue libheartbeat2 libpils2 libplumb2 libplumbgpl2 libstonith1 resource-agents
# The programs that judge what a migration writes, with the libraries that are theirs alone.
DAEMONS += corosync libcfg7 libcmap4 libcorosync-common4 libcpg4 libknet1 libnl-3-200 libnl-genl-3-200 libnl-route-3-200 \
	libnozzle1 libqb100 libquorum5 libstatgrab10 libvotequorum8 pacemaker pacemaker-cli-utils pacemaker-common \
	pacemaker-resource-agents libcib27 libcrmcluster29 libcrmcommon34 libcrmservice28 liblrmd28 libpacemaker1 \
	libpe-rules26 libpe-status28 libstonithd26 libnet1 gawk libsigsegv2 ipvsadm \
	libpopt0 tcc network-manager libnm0 nftables libnftables1 libnftnl11 shellcheck
# What ldirectord asks web servers with.
DAEMONS += libclone-perl libencode-locale-perl libfile-listing-perl libhtml-parser-perl libhtml-tagset-perl \
	libhttp-date-perl libhttp-message-perl libio-html-perl libio-socket-inet6-perl liblwp-mediatypes-perl \
	libmailtools-perl libnet-http-perl libregexp-ipv6-perl libtimedate-perl libtry-tiny-perl liburi-perl libwww-perl
UNPACKED := .cache/debian/.ready
export UV_PYTHON_DOWNLOADS := never
unexport PYTHONPATH VIRTUAL_ENV PYTHONDONTWRITEBYTECODE

.PHONY: demo test check mutants bench record golden lab lab-test lab-migrate clean debian

# The recorded cluster is set up as the runbook prints it, which is not ready: findings (1) are what a demo shows.
demo: $(READY)
	@$(BIN)/lvsaudit demo; status=$$?; [ $$status -le 1 ] || exit $$status

test: $(READY) debian $(UNPACKED)
	$(BIN)/pytest -q -n auto --dist loadfile

check: $(READY)
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports

mutants: $(READY)
	$(BIN)/pytest -q -n auto tests/judge/mutations.py

bench: $(READY) debian $(UNPACKED)
	$(BIN)/python -m tests.bench.fleet
	$(BIN)/python -m tests.bench.judge
	$(BIN)/python -m tests.bench.parse

# Writes down anew what is wrong about each example cluster; every line that changes has to be true.
golden: $(READY)
	$(BIN)/python -m tests.clusters.golden

lab lab-test lab-migrate record: DEBIAN += user-mode-linux
lab-migrate: DEBIAN += mmdebstrap e2fsprogs

lab: $(READY) debian
	@$(BIN)/python -m tests.lab

lab-test: $(READY) debian
	$(BIN)/pytest -q --capture=no tests/lab/run.py

lab-migrate: $(READY) debian
	$(BIN)/pytest -q --capture=no tests/lab/prove.py

# Records the demo cluster anew: the lab's, as the runbook prints it (root).
record: $(READY) debian
	$(BIN)/python -m tests.lab.record auditor/demo

$(READY): pyproject.toml uv.lock | $(UV)
	$(UV) sync --frozen --quiet
	@touch $@

.cache/uv/bin/uv:
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed" >&2; exit 1; }
	@python3 -c 'import ensurepip' 2>/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq python3-venv; } \
		|| { echo "python3-venv is missing: apt-get install python3-venv" >&2; exit 1; }
	python3 -m venv .cache/uv
	.cache/uv/bin/pip install --quiet --disable-pip-version-check uv

# The system services of these packages are never used and not started.
debian:
	@if [ "$$(id -u)" = 0 ] && command -v dpkg-query >/dev/null && ! dpkg-query -W $(DEBIAN) >/dev/null 2>&1; then \
		printf '#!/bin/sh\nexit 101\n' > .venv/policy-rc.d && chmod +x .venv/policy-rc.d && \
		{ [ -e /usr/sbin/policy-rc.d ] || cp .venv/policy-rc.d /usr/sbin/policy-rc.d; } && \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(DEBIAN) >/dev/null; \
		status=$$?; cmp -s .venv/policy-rc.d /usr/sbin/policy-rc.d && rm -f /usr/sbin/policy-rc.d; exit $$status; \
	fi

$(UNPACKED): Makefile | debian
	@if command -v apt-get >/dev/null; then \
		rm -rf $(@D) && mkdir -p $(@D) && cd $(@D) && \
		fetch() { apt-get download -qq -o APT::Sandbox::User=root $(DAEMONS); } && \
		{ fetch 2>/dev/null || { apt-get update -qq && fetch; }; } && \
		for package in *.deb; do dpkg-deb -x "$$package" root || exit 1; done && touch $(@F) \
		|| [ "$$(id -u)" != 0 ]; \
	fi

clean:
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
