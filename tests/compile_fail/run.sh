#!/usr/bin/env bash
# run.sh COMPILER INCLUDE_DIR CASE.cc: compiles a case that must be refused, and checks what the compiler says.
# Each `// expect: REGEX` line of the case (extended regular expression) must match a line of the diagnosis. A case
# without such a line must compile: it shows that the rest of a case is sound.
set -euo pipefail
compiler=$1 include=$2 case=$3
output=$(mktemp)
trap 'rm -f "$output"' EXIT

if "$compiler" -std=c++20 -fsyntax-only -Wall -Wextra -I"$include" "$case" >"$output" 2>&1; then
  compiled=yes
else
  compiled=no
fi
expectations=$(sed -n 's|^// expect: ||p' "$case")
if [ -z "$expectations" ]; then
  [ $compiled = yes ] && [ ! -s "$output" ] && exit 0
  echo "$case should compile without a warning:"
  cat "$output"
  exit 1
fi
if [ $compiled = yes ]; then
  echo "$case compiles, but should be refused with: $expectations"
  exit 1
fi
status=0
while IFS= read -r expectation; do
  if ! grep -qE -- "$expectation" "$output"; then
    echo "$case: no line of the diagnosis matches: $expectation"
    status=1
  fi
done <<<"$expectations"
[ $status = 0 ] || cat "$output"
exit $status
