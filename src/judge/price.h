/* judge/price.h - what a model costs, in USD per million tokens. */
#ifndef LQA_JUDGE_PRICE_H
#define LQA_JUDGE_PRICE_H

#include "base/buf.h"

/* Looks `model` up in the user's table (JSON: {"MODEL": {"input": 0.15, "output": 0.6}}; NULL data
 * = none; `file` is for messages), then in the built-in list. A date at the end of the name is
 * ignored where the full name is not listed ("gpt-4o-mini-2024-07-18"), and so is a maker before it
 * ("openai/"). price stays NaN, NaN where nothing is known. LQA_BAD_DATA for a damaged table. */
LQA_MUST_CHECK lqa_status lqa_price_find(lqa_str table, const char *file, const char *model,
                                         double price[2], lqa_error *err);

/* "IN,OUT" in USD per million tokens; LQA_BAD_USAGE otherwise. */
LQA_MUST_CHECK lqa_status lqa_price_parse(const char *text, double price[2], lqa_error *err);

#endif
