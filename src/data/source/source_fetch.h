/* data/source/source_fetch.h - files behind URLs, through DuckDB's file systems. */
#ifndef LQA_DATA_SOURCE_SOURCE_FETCH_H
#define LQA_DATA_SOURCE_SOURCE_FETCH_H

#include "base/observer.h"

/* Receives one file; `bytes` are valid during the call. */
typedef lqa_status (*lqa_fetch_fn)(void *data, const char *url, const char *bytes, size_t size,
                                   lqa_error *err);

/* Fetches a URL (https, s3, hf ...; a glob where the file system lists: files in name order). Loads
 * DuckDB's extensions as needed. LQA_BAD_FILE with the reason and a way round it. */
LQA_MUST_CHECK lqa_status lqa_source_fetch(const char *url, const lqa_observer *observer,
                                           lqa_fetch_fn keep, void *data, lqa_error *err);

#endif
