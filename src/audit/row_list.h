/* audit/row_list.h - a growing list of row numbers, the working memory of most audits. */
#ifndef LQA_AUDIT_ROW_LIST_H
#define LQA_AUDIT_ROW_LIST_H

#include "base/vec.h"

typedef LQA_VEC(int64_t) lqa_row_list;

#endif
