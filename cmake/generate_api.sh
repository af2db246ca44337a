#!/bin/sh
# generate_api.sh PROTOC PROTO_DIR OUT_DIR STAMP FILE...
# Generates C++ from the Temporal API. protoc 3.21 does not escape package components that are C++ keywords, so
# `namespace` and `export` become `namespace_` and `export_`; descriptors, wire format and type URLs are untouched.
set -eu
protoc=$1 protos=$2 out=$3 stamp=$4
shift 4
mkdir -p "$out"
# The system's well-known types come first: the package bundles newer ones than libprotobuf was built with.
"$protoc" -I/usr/include -I"$protos" --cpp_out="$out" "$@"
grep -rlE 'namespace (namespace|export) \{|::(namespace|export)::' "$out" |
  xargs -r sed -i -E 's/\bnamespace (namespace|export) \{/namespace \1_ {/; s/::(namespace|export)::/::\1_::/g'
touch "$stamp"
