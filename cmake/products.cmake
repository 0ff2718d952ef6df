# base    labels-free code, linked into the library and, on its own, into the command
# core    the layers above it; tests link it to reach what the shared library hides
# library liblabelqa.so: base and core whole, exporting only LQA_API symbols
# labelqa the command: sees labelqa.h and base/, nothing else (tools/check-layers)
file(GLOB BASE_SOURCES CONFIGURE_DEPENDS src/base/*.c)
file(GLOB_RECURSE CORE_SOURCES CONFIGURE_DEPENDS src/confident/*.c
     src/data/*.c src/feature/*.c src/model/*.c src/audit/*.c src/judge/*.c src/trust/*.c
     src/store/*.c src/report/*.c src/export/*.c src/evaluate/*.c
     src/review/*.c src/versions/*.c src/serve/*.c src/api/*.c)

add_library(labelqa_base STATIC ${BASE_SOURCES})
target_include_directories(labelqa_base PUBLIC include src)
target_link_libraries(labelqa_base PUBLIC PkgConfig::DEPS Threads::Threads m)

# The pages of docs/audits, for `labelqa checks ID`.
set(AUDIT_PAGES "${CMAKE_BINARY_DIR}/audit_pages.c")
file(GLOB AUDIT_PAGE_FILES CONFIGURE_DEPENDS docs/audits/*.md)
add_custom_command(OUTPUT "${AUDIT_PAGES}"
  COMMAND ${CMAKE_COMMAND} "-DPAGES=${CMAKE_SOURCE_DIR}/docs/audits" "-DOUTPUT=${AUDIT_PAGES}"
          -P "${CMAKE_SOURCE_DIR}/cmake/embed_pages.cmake"
  DEPENDS ${AUDIT_PAGE_FILES} cmake/embed_pages.cmake VERBATIM)

# The review page, built from web/src (npm run build), for `labelqa review`.
set(PAGE_FILES "${CMAKE_BINARY_DIR}/page_files.c")
file(GLOB PAGE_SOURCES CONFIGURE_DEPENDS web/dist/*)
add_custom_command(OUTPUT "${PAGE_FILES}"
  COMMAND ${CMAKE_COMMAND} "-DFILES=${CMAKE_SOURCE_DIR}/web/dist" "-DOUTPUT=${PAGE_FILES}"
          -P "${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake"
  DEPENDS ${PAGE_SOURCES} cmake/embed_files.cmake VERBATIM)

add_library(labelqa_core STATIC ${CORE_SOURCES} "${AUDIT_PAGES}" "${PAGE_FILES}")
target_link_libraries(labelqa_core PUBLIC labelqa_base duckdb ${CMAKE_DL_LIBS})

# Where libduckdb lies as seen from a product's folder; $ORIGIN keeps a moved build tree working.
get_filename_component(DUCKDB_FOLDER "${DUCKDB_LIBRARY}" DIRECTORY)
function(labelqa_place target folder)
  file(RELATIVE_PATH to_duckdb "${LABELQA_OUTPUT}/${folder}" "${DUCKDB_FOLDER}")
  file(RELATIVE_PATH to_library "${LABELQA_OUTPUT}/${folder}" "${LABELQA_OUTPUT}/lib")
  set_target_properties(${target} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${LABELQA_OUTPUT}/${folder}"
    LIBRARY_OUTPUT_DIRECTORY "${LABELQA_OUTPUT}/${folder}"
    BUILD_RPATH "$ORIGIN/${to_library};$ORIGIN/${to_duckdb}")
endfunction()

file(GLOB API_SOURCES CONFIGURE_DEPENDS src/api/*.c)
if(API_SOURCES)
  add_library(labelqa_library SHARED $<TARGET_OBJECTS:labelqa_base> $<TARGET_OBJECTS:labelqa_core>)
  set_target_properties(labelqa_library PROPERTIES OUTPUT_NAME labelqa
                        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
                        LINKER_LANGUAGE C)
  target_include_directories(labelqa_library PUBLIC include)
  target_link_libraries(labelqa_library PRIVATE
                        PkgConfig::DEPS duckdb ${CMAKE_DL_LIBS} Threads::Threads m)
  target_link_options(labelqa_library PRIVATE -Wl,--as-needed,--no-undefined)
  labelqa_place(labelqa_library lib)
endif()

if(EXISTS "${CMAKE_SOURCE_DIR}/src/cli/main.c" AND API_SOURCES)
  file(GLOB CLI_SOURCES CONFIGURE_DEPENDS src/cli/*.c)
  add_executable(labelqa ${CLI_SOURCES})
  target_link_options(labelqa PRIVATE -Wl,--as-needed)
  target_link_libraries(labelqa PRIVATE labelqa_library labelqa_base)
  labelqa_place(labelqa bin)
endif()
