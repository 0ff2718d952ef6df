/* Downloading by DuckDB's read_blob: one mechanism for https, s3 and hf, with credentials and
 * extensions as DuckDB has them. The bytes then go the way of every local file, so a remote CSV is
 * read as strictly as one on disk. DuckDB is allowed the network here and nowhere else.
 */
#include "data/source/source_fetch.h"

#include "base/memory.h"
#include "data/query/duck.h"

static lqa_status keep_chunk(duckdb_data_chunk chunk, lqa_fetch_fn keep, void *data,
                             lqa_error *err) {
  const duckdb_string_t *urls = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
  const duckdb_string_t *files = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 1));
  for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk); i++) {
    lqa_str url = lqa_duck_str(&urls[i]), bytes = lqa_duck_str(&files[i]);
    char *name = strndup(url.data, url.size);
    lqa_status status =
        name ? keep(data, name, bytes.data, bytes.size, err) : lqa_fail_memory(err, "downloading");
    free(name);
    LQA_TRY(status);
  }
  return LQA_OK;
}

static lqa_status fetch_all(lqa_database *database, const char *url, lqa_fetch_fn keep, void *data,
                            lqa_error *err) {
  duckdb_result result = {0};
  LQA_TRY(lqa_duck_start(database, database->connection,
                         "SELECT filename, content FROM read_blob($1) ORDER BY filename", &url, 1,
                         true, &result, err));
  lqa_status status = LQA_OK;
  duckdb_data_chunk chunk = duckdb_fetch_chunk(result);
  while (chunk) {
    LQA_TRY_OUT(keep_chunk(chunk, keep, data, err));
    duckdb_destroy_data_chunk(&chunk);
    chunk = duckdb_fetch_chunk(result);
  }
  const char *message = duckdb_result_error(&result);
  if (message && *message) {
    status = lqa_duck_fail_result(&result, err);
  }
out:
  duckdb_destroy_data_chunk(&chunk);
  duckdb_destroy_result(&result);
  return status;
}

lqa_status lqa_source_fetch(const char *url, const lqa_observer *observer, lqa_fetch_fn keep,
                            void *data, lqa_error *err) {
  lqa_database_options options = {.n_threads = 1, .allow_network = true, .observer = observer};
  lqa_database *database = NULL;
  lqa_error inner;
  LQA_TRY(lqa_database_open(&options, &database, err));
  lqa_observe_progress(observer, "downloading", -1);
  lqa_status status = fetch_all(database, url, keep, data, &inner);
  lqa_database_close(database);
  if (status == LQA_OK || status == LQA_INTERRUPTED || status == LQA_NO_MEMORY) {
    return status == LQA_OK ? status : lqa_fail(err, status, LQA_WORDS, inner.message);
  }
  return lqa_fail_at(err, LQA_BAD_FILE, url, -1, NULL,
                     "cannot fetch '%s': %.700s (download it yourself and give the file's path)",
                     url, inner.message);
}
