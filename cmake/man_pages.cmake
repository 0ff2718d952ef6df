# Writes labelqa.1 and labelqa-COMMAND.1 into MAN, as the program LABELQA prints them.
file(REMOVE_RECURSE "${MAN}")
file(MAKE_DIRECTORY "${MAN}")
execute_process(COMMAND "${LABELQA}" __commands OUTPUT_VARIABLE commands
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" commands "${commands}")
execute_process(COMMAND "${LABELQA}" __man OUTPUT_FILE "${MAN}/labelqa.1"
                COMMAND_ERROR_IS_FATAL ANY)
foreach(command ${commands})
  execute_process(COMMAND "${LABELQA}" __man ${command} OUTPUT_FILE "${MAN}/labelqa-${command}.1"
                  COMMAND_ERROR_IS_FATAL ANY)
endforeach()
