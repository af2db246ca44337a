#!/usr/bin/env bash
# in_env.sh ARGUMENT …: the test environment's Python with these arguments; 77 and the reason when there is none.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python=$root/build/python-venv/bin/python
if ! "$python" -c 'import pytest, temporalio' 2>/dev/null; then
  echo "NOT RUN: build/python-venv is missing or incomplete (./dev test makes it; it needs a Python package registry)"
  exit 77
fi
exec "$python" "$@"
