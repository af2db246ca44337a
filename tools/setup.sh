# Sourced by dev.sh: what a Debian 12 machine needs, by package name.
packages=(
  clang-19 lld-19 clang-format-19 libclang-rt-19-dev
  cmake ninja-build ccache git ca-certificates pkg-config
  protobuf-compiler libprotobuf-dev libsqlite3-dev sqlite3 libssl-dev libfmt-dev libcli11-dev libxxhash-dev
  libgrpc++-dev protobuf-compiler-grpc zlib1g-dev libzstd-dev prometheus-cpp-dev libspdlog-dev
  libgoogle-perftools-dev
  libgtest-dev libgmock-dev nlohmann-json3-dev libasio-dev python3 python3-venv
)

has_current_cargo() {
  local cargo
  cargo=$(command -v cargo || true)
  [ -n "$cargo" ] || { [ -x "$HOME/.cargo/bin/cargo" ] && cargo="$HOME/.cargo/bin/cargo"; }
  [ -n "$cargo" ] && "$cargo" info --help >/dev/null 2>&1
}

install_packages() { # the packages above and those named
  local missing=() name
  for name in "${packages[@]}" "$@"; do
    dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
  done
  # Debian's own cargo has no `cargo info`; cargo-web is its current one.
  if [ ! -d build/api ] && ! has_current_cargo; then
    missing+=(cargo-web)
  fi
  [ ${#missing[@]} -gt 0 ] || return 0
  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    as_root=(sudo)
  fi
  echo "installing: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
    >build.apt.log 2>&1 || { cat build.apt.log; return 1; }
  rm -f build.apt.log
}
