#!/usr/bin/env bash
# Passes all tests, after installing what they need: Debian packages (deploy/test-deps.sh) and Apache Kafka's jars
# (through Maven). Nothing is skipped: with HOMEWARD_TESTS_REQUIRE_ALL a test whose tool is missing fails.
#
#   ./test.sh                        everything
#   ./test.sh -p homeward-ingest     what follows is handed to `cargo test`
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

summary=yes
if [[ ${1:-} == --no-summary ]]; then
  summary=no
  shift
fi

command -v cargo >/dev/null || { [[ -f $HOME/.cargo/env ]] && . "$HOME/.cargo/env"; }
command -v cargo >/dev/null || { echo "test.sh: cargo is missing. Install Rust 1.95 or later: https://rustup.rs" >&2; exit 1; }

deploy/test-deps.sh
deploy/kafka/kafka.sh jars >/dev/null

# The tests that need a broker or promtool read this one variable (see metrics-api/tests/real_kafka/broker.rs).
export HOMEWARD_TESTS_REQUIRE_ALL=1

arguments=("$@")
[[ $# -gt 0 ]] || arguments=(--workspace)

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
cargo test --locked --no-fail-fast "${arguments[@]}" </dev/null 2>&1 | tee "$log" || status=$?

if [[ $summary == yes ]]; then
  awk -v seconds="$SECONDS" '
    /^test result:/ { runs++; for (i = 1; i < NF; i++) { if ($(i+1) ~ /^passed/) passed += $i
                                                        if ($(i+1) ~ /^failed/) failed += $i
                                                        if ($(i+1) ~ /^ignored/) ignored += $i } }
    /^test .* \.\.\. (FAILED|ignored)/ { odd[++n] = $0 }
    END {
      printf "\n%d passed, %d failed, %d ignored in %d runs; %d min %02d s\n", passed, failed, ignored, runs, seconds / 60, seconds % 60
      for (i = 1; i <= n; i++) print "  " odd[i]
    }' "$log"
  [[ $status -eq 0 ]] || echo "The test run did not pass (status $status)."
fi
exit "$status"
