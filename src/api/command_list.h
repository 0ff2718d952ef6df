/* api/command_list.h - every command, one row each, in the order of the help. No include guard:
 * expanded for the enum (command.h), the declarations and the table (command.c). */
COMMAND(audit)
COMMAND(judge)
COMMAND(losses)
COMMAND(sample)
COMMAND(report)
COMMAND(export)
COMMAND(annotators)
COMMAND(corrupt)
COMMAND(evaluate)
COMMAND(demo)
COMMAND(checks)
COMMAND(doctor)
