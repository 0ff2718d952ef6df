/* A DuckDB file from a stranger may hold views, and a view may name any file or address of this
 * machine. So the engine is shut in before the file's own SQL can run: it may open the files that
 * the user named and no others (DuckDB, "Securing DuckDB").
 */
#include "data/query/duck.h"
#include "data/query/query.h"

static const size_t max_list_bytes = (size_t)1 << 26;

static lqa_status set_files(lqa_database *database, const char *const *files, size_t n_files,
                            lqa_error *err) {
  lqa_buf sql;
  lqa_buf_init(&sql, max_list_bytes);
  lqa_buf_add_text(&sql, "SET allowed_paths = [");
  for (size_t i = 0; i < n_files; i++) {
    lqa_buf_add_text(&sql, i ? ", " : "");
    lqa_duck_literal(&sql, lqa_str_from(files[i]));
    lqa_buf_add_text(&sql, ", ");
    lqa_duck_literal(&sql, lqa_str_from(files[i]));
    lqa_buf_add_text(&sql, " || '.wal'"); /* the log of a DuckDB file, opened with it */
  }
  lqa_buf_add_text(&sql, "]");
  lqa_status status;
  LQA_TRY_OUT(lqa_buf_check(&sql, err));
  status = lqa_database_run(database, sql.data, NULL, 0, err);
out:
  lqa_buf_clear(&sql);
  return status;
}

lqa_status lqa_database_only_files(lqa_database *database, const char *const *files, size_t n_files,
                                   lqa_error *err) {
  LQA_TRY(set_files(database, files, n_files, err));
  LQA_TRY(lqa_database_run(database, "SET enable_external_access = false", NULL, 0, err));
  return lqa_database_run(database, "SET lock_configuration = true", NULL, 0, err);
}
