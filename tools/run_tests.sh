#!/usr/bin/env bash
# run_tests.sh BUILD_DIR [CTEST_ARGUMENT …]: runs every registered test and ends with `N passed, N failed`,
# and how many could not run here and why.
set -euo pipefail
build=$1
shift
log="$build/ctest.log"
set +e
ctest --test-dir "$build" --output-on-failure --no-tests=error -j 2 "$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
set -e
total=$(sed -nE 's/.* tests failed out of ([0-9]+)$/\1/p' "$log" | tail -1)
failed=$(sed -nE 's/.*, ([0-9]+) tests failed out of [0-9]+$/\1/p' "$log" | tail -1)
not_run=$(grep -c '\*\*\*Skipped' "$log" || true)
grep -hs '^NOT RUN: ' "$build/Testing/Temporary/LastTest.log" | sort | uniq -c || true
summary="$((${total:-0} - ${failed:-0} - not_run)) passed, ${failed:-0} failed"
[ "$not_run" = 0 ] || summary="$summary, $not_run not run"
echo "$summary"
exit "$status"
