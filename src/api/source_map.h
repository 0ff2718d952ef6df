/* api/source_map.h - from the public argument structs to what the data layer takes. */
#ifndef LQA_API_SOURCE_MAP_H
#define LQA_API_SOURCE_MAP_H

#include "data/source/source.h"
#include "labelqa/labelqa.h"

/* Borrows everything; valid as long as the arguments are. */
lqa_source_options lqa_source_options_from(const lqa_source_args *source,
                                           const lqa_text_list *sources,
                                           const lqa_common_args *common);

#endif
