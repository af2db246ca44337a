# Brings the Temporal API's .proto files from their pinned registry package, by that registry's ordinary client.
# The files are not part of this repository. PERDURE_API_CRATE names a local copy of the package, for machines
# without a registry. Sets PERDURE_API_PROTO_DIR to the folder that holds temporal/, google/ and nexusannotations/.

set(PERDURE_API_CRATE_NAME temporalio-protos)
set(PERDURE_API_CRATE_VERSION 0.10.2)
set(PERDURE_API_CRATE_SHA256 1c2f5c0bb300fe505b4bb50a29b08aa6d6c18166a287ad7d8b95a43e9015f4bf)
set(PERDURE_API_CRATE "" CACHE FILEPATH "A local ${PERDURE_API_CRATE_NAME}-${PERDURE_API_CRATE_VERSION}.crate; empty: fetch it with cargo")

# Shared by all presets: the package and the generated code do not depend on build flags.
set(PERDURE_API_DIR ${PROJECT_SOURCE_DIR}/build/api)
set(crate_id ${PERDURE_API_CRATE_NAME}-${PERDURE_API_CRATE_VERSION})
set(PERDURE_API_PROTO_DIR ${PERDURE_API_DIR}/${crate_id}/protos/api_upstream)

if(NOT EXISTS ${PERDURE_API_DIR}/${crate_id}.extracted)
  set(crate ${PERDURE_API_CRATE})
  if(NOT crate)
    find_program(CARGO NAMES cargo HINTS $ENV{HOME}/.cargo/bin)
    if(NOT CARGO)
      message(FATAL_ERROR "cargo is needed once to fetch ${crate_id}; install Debian's cargo-web, or pass -DPERDURE_API_CRATE=FILE")
    endif()
    # `cargo info` downloads and verifies one package without resolving a dependency tree.
    execute_process(COMMAND ${CARGO} info ${PERDURE_API_CRATE_NAME}@${PERDURE_API_CRATE_VERSION}
                    WORKING_DIRECTORY /tmp RESULT_VARIABLE failed OUTPUT_QUIET ERROR_VARIABLE why)
    if(failed)
      message(FATAL_ERROR "cargo could not fetch ${crate_id}: ${why}")
    endif()
    set(cargo_home $ENV{CARGO_HOME})
    if(NOT cargo_home)
      set(cargo_home $ENV{HOME}/.cargo)
    endif()
    file(GLOB crates ${cargo_home}/registry/cache/*/${crate_id}.crate)
    if(NOT crates)
      message(FATAL_ERROR "cargo fetched ${crate_id}, but no such file is below ${cargo_home}/registry/cache")
    endif()
    list(GET crates 0 crate)
  endif()
  file(SHA256 ${crate} found)
  if(NOT found STREQUAL PERDURE_API_CRATE_SHA256)
    message(FATAL_ERROR "${crate} has SHA-256 ${found}, expected ${PERDURE_API_CRATE_SHA256}")
  endif()
  file(ARCHIVE_EXTRACT INPUT ${crate} DESTINATION ${PERDURE_API_DIR})
  file(TOUCH ${PERDURE_API_DIR}/${crate_id}.extracted)
endif()
