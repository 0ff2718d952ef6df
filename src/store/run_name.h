/* store/run_name.h - the run folder's name where none is given. */
#ifndef LQA_STORE_RUN_NAME_H
#define LQA_STORE_RUN_NAME_H

/* "<source's stem>.labelqa" in the current folder; owned, NULL when out of memory. */
char *lqa_run_default_path(const char *source);

#endif
