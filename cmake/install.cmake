# PREFIX/bin/labelqa, PREFIX/lib/liblabelqa.so, PREFIX/lib/labelqa/libduckdb.so (private copy),
# headers, pkg-config file, man pages, completion, licence. Rpaths are relative, so an installed
# tree can be moved.
if(TARGET labelqa_library)
  set_target_properties(labelqa_library PROPERTIES INSTALL_RPATH "$ORIGIN/labelqa")
  install(TARGETS labelqa_library)
  install(DIRECTORY include/labelqa DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  configure_file(cmake/labelqa.pc.in labelqa.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/labelqa.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
  if(NOT LABELQA_SYSTEM_DUCKDB)
    install(PROGRAMS ${DUCKDB_LIBRARY} DESTINATION ${CMAKE_INSTALL_LIBDIR}/labelqa)
    install(FILES ${LABELQA_DEPS}/duckdb/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR}
            RENAME LICENSE.duckdb)
  endif()
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()
# Component `python`: what a wheel holds (tools/wheel_backend.py), the package with the command and
# its libraries inside. The same relative paths as above, so the same rpaths.
if(TARGET labelqa_python AND TARGET labelqa)
  set(IN_WHEEL COMPONENT python EXCLUDE_FROM_ALL)
  set_target_properties(labelqa_python_library PROPERTIES INSTALL_RPATH "$ORIGIN/lib/labelqa")
  install(TARGETS labelqa_python labelqa_python_library
          LIBRARY DESTINATION labelqa ${IN_WHEEL})
  install(TARGETS labelqa RUNTIME DESTINATION labelqa/bin ${IN_WHEEL})
  install(TARGETS labelqa_library LIBRARY DESTINATION labelqa/lib ${IN_WHEEL} NAMELINK_SKIP)
  install(DIRECTORY python/labelqa DESTINATION . ${IN_WHEEL}
          FILES_MATCHING PATTERN "*.py" PATTERN "*.pyi" PATTERN "py.typed"
          PATTERN "__pycache__" EXCLUDE)
  install(FILES ${LABELQA_OUTPUT}/python/labelqa/_options.py DESTINATION labelqa ${IN_WHEEL})
  if(NOT LABELQA_SYSTEM_DUCKDB)
    install(PROGRAMS ${DUCKDB_LIBRARY} DESTINATION labelqa/lib/labelqa ${IN_WHEEL})
  endif()
endif()
if(TARGET labelqa)
  file(RELATIVE_PATH bin_to_lib "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}")
  set_target_properties(labelqa PROPERTIES INSTALL_RPATH "$ORIGIN/${bin_to_lib}")
  install(TARGETS labelqa)
  # What the command says about itself: a page each, and the words that bash completes.
  install(CODE "set(LABELQA \"$<TARGET_FILE:labelqa>\")
    set(MAN \"${CMAKE_BINARY_DIR}/man\")
    include(\"${CMAKE_SOURCE_DIR}/cmake/man_pages.cmake\")")
  install(DIRECTORY "${CMAKE_BINARY_DIR}/man/" DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES cmake/completion.bash RENAME labelqa
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endif()
