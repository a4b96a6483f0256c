#!/usr/bin/env bash
# Installs what the build and the tests need on Debian (bookworm or newer) and on Ubuntu, when it is missing.
# Says what it does, asks nothing, and is over in a moment when everything is there.
set -euo pipefail

say() { echo "test-deps: $*"; }
fail() { echo "test-deps: $*" >&2; exit 1; }

packages=()
reasons=()
need() { # need PACKAGE REASON
  packages+=("$1")
  reasons+=("$1 ($2)")
}

has() { command -v "$1" >/dev/null 2>&1; }

java_is_enough() {
  has java || return 1
  local major
  major=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1)
  [[ ${major:-0} -ge 17 ]]
}

list_what_is_missing() {
  packages=() reasons=()
  { has cc && has c++ && has make; } || need build-essential "compiles librdkafka, zstd and other C code"
  has cmake || need cmake "builds librdkafka"
  has pkg-config || need pkg-config "finds OpenSSL and zlib"
  has perl || need perl "used by OpenSSL's and librdkafka's builds"
  # Headers, not libraries: the presence of the library alone says nothing.
  { has pkg-config && pkg-config --exists openssl; } || need libssl-dev "TLS and SASL of librdkafka"
  { has pkg-config && pkg-config --exists zlib; } || need zlib1g-dev "compression in librdkafka"
  has curl || need curl "asks the running service in the examples of the documentation"
  { has promtool && has prometheus; } || need prometheus "checks our metrics, evaluates our rules; its service is not started"
  { has amtool && has prometheus-alertmanager; } \
    || need prometheus-alertmanager "routes the alerts of the live test; its service is not started"
  has docker-compose || need docker-compose "reads deploy/compose.yaml; no container is started"
  has shellcheck || need shellcheck "checks our scripts"
  { has python3 && python3 -c 'import yaml' 2>/dev/null; } || need python3-yaml "reads YAML in the tests of deploy/"
  has systemd-analyze || need systemd "checks the systemd unit; nothing is started"
  has openssl || need openssl "makes keys and certificates"
  has git || need git "lists the files of the repository"
  # Boards in a browser.
  has chromium || need chromium "opens the board"
  has node || need nodejs "runs the accessibility checker and draws Grafana's panels"
  has npm || need npm "fetches them"
  # Clients of SQL. Python's come from PyPI with pinned hashes, into a virtual environment of the user's cache.
  has psql || need postgresql-client "asks our SQL"
  { has python3 && /usr/bin/python3 -c 'import ensurepip, venv' 2>/dev/null; } || need python3-venv "holds SQL clients of Python"
  has isql || need unixodbc "asks our SQL"
  ls /usr/lib/*/odbc/psqlodbcw.so >/dev/null 2>&1 || need odbc-postgresql "asks our SQL"
  [[ -e /usr/share/java/postgresql.jar ]] || need libpostgresql-jdbc-java "asks our SQL"
  { java_is_enough && has javac; } || need openjdk-17-jdk-headless "runs the Apache Kafka of the tests and a client of SQL"
  has mvn || need maven "fetches Apache Kafka's jars"
}

# Runs one command as root: directly, or through sudo. Without a terminal sudo must not ask for a password.
as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  elif has sudo && [[ -t 0 ]]; then
    sudo "$@"
  elif has sudo; then
    sudo -n "$@"
  else
    fail "cannot install ${packages[*]}: not root and no sudo. Run as root: apt-get install ${packages[*]}"
  fi
}

# Debian starts a freshly installed service at once. A policy file that answers 101 forbids it; ours is removed again,
# and one that the machine has already is left alone.
policy=/usr/sbin/policy-rc.d
forbid_service_starts() {
  [[ -e $policy ]] && return
  printf '#!/bin/sh\n# Left by an interrupted homeward deploy/test-deps.sh: may be deleted.\nexit 101\n' \
    | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
  trap 'as_root rm -f "$policy"' EXIT
}

list_what_is_missing
if [[ ${#packages[@]} -eq 0 ]]; then
  say "all system packages are there"
  exit 0
fi

has apt-get || fail "missing: ${packages[*]}. This script knows only apt-get: install their equivalents by hand."
say "installing with apt-get:"
printf '  %s\n' "${reasons[@]}"

apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" </dev/null; }

apt update || fail "apt-get update failed. Is a package mirror reachable (see /etc/apt/sources.list)?"

# Debian 13 and later have no Java 17; any newer one serves.
if [[ " ${packages[*]} " == *" openjdk-17-jdk-headless "* ]] && ! apt-cache show openjdk-17-jdk-headless >/dev/null 2>&1; then
  packages=("${packages[@]/openjdk-17-jdk-headless/default-jdk-headless}")
fi

# Their services are started by the tests alone, on ports of their own.
services=()
for service in prometheus prometheus-alertmanager; do
  [[ " ${packages[*]} " == *" $service "* ]] && services+=("$service")
done
# An alertmanager, too, may come along with something else: no service starts while we install anything.
forbid_service_starts

apt install -y --no-install-recommends "${packages[@]}" >/dev/null \
  || fail "apt-get could not install ${packages[*]}. Run it by hand to see why: apt-get install ${packages[*]}"

if has systemctl; then
  # Nor shall they come up with the next boot.
  for service in "${services[@]}"; do as_root systemctl disable "$service.service" >/dev/null 2>&1 || true; done
fi

installed=("${packages[@]}")
list_what_is_missing
[[ ${#packages[@]} -eq 0 ]] || fail "installed ${installed[*]}, but still missing: ${reasons[*]}"
say "installed ${installed[*]}"
