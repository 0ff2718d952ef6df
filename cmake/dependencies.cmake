# Third-party libraries. Debian's come by pkg-config; libduckdb is the pinned one under build/deps
# (its version decides bytes of the run folder), unless LABELQA_SYSTEM_DUCKDB says otherwise.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(DEPS REQUIRED IMPORTED_TARGET
                  sqlite3 libcurl libmicrohttpd libutf8proc libxxhash libcrypto libisal libzstd)
# Tests alone: the judge-server, whoever reads what our writer writes, or writes what we read.
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)

add_library(duckdb SHARED IMPORTED)
if(LABELQA_SYSTEM_DUCKDB)
  find_library(DUCKDB_LIBRARY duckdb REQUIRED)
  find_path(DUCKDB_INCLUDE duckdb.h REQUIRED)
else()
  set(DUCKDB_LIBRARY "${LABELQA_DEPS}/duckdb/lib/libduckdb.so")
  set(DUCKDB_INCLUDE "${LABELQA_DEPS}/duckdb/include")
  if(NOT EXISTS "${DUCKDB_LIBRARY}")
    message(FATAL_ERROR "${DUCKDB_LIBRARY} is missing: run script/bootstrap")
  endif()
endif()
# Imported, so a system include: its old-style () prototypes would trip -Wstrict-prototypes.
set_target_properties(duckdb PROPERTIES IMPORTED_LOCATION "${DUCKDB_LIBRARY}"
                      INTERFACE_INCLUDE_DIRECTORIES "${DUCKDB_INCLUDE}"
                      IMPORTED_NO_SONAME ON)
