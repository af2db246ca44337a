#!/usr/bin/env bash
# run.sh install|find_package|pkg_config|add_subdirectory SOURCE BUILD COMPILER [LAUNCHER]
# One way to use Perdure, from an empty directory. `install` comes first, into BUILD/packaging/prefix.
set -euo pipefail
kind=$1 source=$2 build=$3 compiler=$4 launcher=${5:-}
work=$build/packaging
prefix=$work/prefix
empty=$work/$kind
export CCACHE_BASEDIR=$source CCACHE_NOHASHDIR=1
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime

# $2…: a program, which says hello
greets() {
  local said
  said=$(cd "$empty" && "$@")
  case $said in
    *"Hello, package!"*) echo "ok: $said" ;;
    *) echo "$* said: $said" >&2; exit 1 ;;
  esac
}

configure() { # $1: source folder, then options
  cmake -S "$1" -B "$empty/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$compiler" "${@:2}" \
    >"$empty/configure.log" 2>&1 || { cat "$empty/configure.log"; exit 1; }
}

case $kind in
  install)
    rm -rf "$prefix"
    cmake --install "$build" --prefix "$prefix" >"$work.install.log" || { cat "$work.install.log"; exit 1; }
    ! grep -rl "$source" "$prefix" --include='*.cmake' --include='*.pc' --include='*.h' ||
      { echo "these name the folder they were built in" >&2; exit 1; }
    "$prefix/bin/perdure" --version
    ;;
  find_package)
    rm -rf "$empty" && mkdir -p "$empty/project"
    cp "$source"/tests/packaging/programs/*.cc "$empty/project/"
    cp "$source/tests/packaging/find_package.cmake" "$empty/project/CMakeLists.txt"
    configure "$empty/project" -DCMAKE_PREFIX_PATH="$prefix"
    cmake --build "$empty/build" >"$empty/build.log" 2>&1 || { tail -60 "$empty/build.log"; exit 1; }
    for program in hello remote served tested; do
      greets "$empty/build/$program"
    done
    ! ldd "$empty/build/hello" | grep -q grpc || { echo "hello has gRPC in it" >&2; exit 1; }
    ;;
  pkg_config)
    rm -rf "$empty" && mkdir -p "$empty"
    PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name perdure.pc)")
    export PKG_CONFIG_PATH
    for program in hello:perdure remote:perdure-grpc served:perdure-server tested:perdure-testing; do
      # shellcheck disable=SC2046
      "$compiler" -std=c++20 -O1 $(pkg-config --cflags "${program#*:}") \
        "$source/tests/packaging/programs/${program%:*}.cc" -o "$empty/${program%:*}" \
        $(pkg-config --libs "${program#*:}")
      greets "$empty/${program%:*}"
    done
    ;;
  add_subdirectory)
    # What was compiled stays, as in the build directory of a user; the first time takes minutes.
    rm -rf "$empty/project" && mkdir -p "$empty/project"
    cp "$source/tests/packaging/programs/hello.cc" "$empty/project/"
    cp "$source/tests/packaging/add_subdirectory.cmake" "$empty/project/CMakeLists.txt"
    configure "$empty/project" -DPERDURE_SOURCE="$source" -DCMAKE_C_COMPILER="${compiler/clang++/clang}" \
      -DCMAKE_CXX_FLAGS_RELEASE="-O2 -DNDEBUG -gline-tables-only" -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher"
    cmake --build "$empty/build" --target hello >"$empty/build.log" 2>&1 || { tail -60 "$empty/build.log"; exit 1; }
    rm -rf "$empty/state"
    greets "$empty/build/hello"
    ;;
  *)
    echo "unknown: $kind" >&2
    exit 2
    ;;
esac
