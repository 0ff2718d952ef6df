/* data/votes/vote_times.h - when votes were given, as numbers. */
#ifndef LQA_DATA_VOTES_VOTE_TIMES_H
#define LQA_DATA_VOTES_VOTE_TIMES_H

#include "data/votes/vote_table.h"

/* *time: one value per vote, NaN where there is none; owned. NULL if the table has no times.
 * LQA_BAD_DATA, with row and column, where no form of time fits all values. */
LQA_MUST_CHECK lqa_status lqa_vote_times_read(const lqa_vote_table *table, double **time,
                                              lqa_error *err);

#endif
