/* labelqa/reread.h - where the source of a run that keeps no copy of it may be read again. */
#ifndef LABELQA_REREAD_H
#define LABELQA_REREAD_H

#include "labelqa/text_list.h"

/* For commands on a run that keeps no copy of its source (no_snapshot). Its files are read again
 * where the manifest says, if the run was made by this user: an audit signs that with a key in
 * <state_home or home/.local/state>/labelqa/key (front ends: $XDG_STATE_HOME, $HOME). Of any other
 * run only the files in `source` are read, and those only if they are the bytes that were audited
 * (docs/run-folder.md). */
typedef struct lqa_reread_args {
  lqa_text_list source; /* where the run's source is, file by file; none = where the run says */
  const char *state_home, *home;
} lqa_reread_args;

#endif
