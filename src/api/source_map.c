/* Field by field: the public names are the command's, the internal ones the data layer's. */
#include "api/source_map.h"

lqa_source_options lqa_source_options_from(const lqa_source_args *a, const lqa_text_list *sources,
                                           const lqa_common_args *common) {
  return (lqa_source_options){
      .paths = *sources,
      .header = a->header,
      .columns = a->columns,
      .delimiter = a->delimiter,
      .quote = a->quote,
      .skip = a->skip,
      .comment = a->comment,
      .escape = a->escape,
      .encoding = a->encoding,
      .max_field_bytes = a->max_field_bytes,
      .where = a->where,
      .limit = a->limit,
      .source_name = a->source_name,
      .text = a->text,
      .features = a->features,
      .exclude = a->exclude,
      .embeddings = a->embeddings,
      .pred_probs = a->pred_probs,
      .label = a->label,
      .id = a->id,
      .split = a->split,
      .time = a->time,
      .annotator = a->annotator,
      .source_column = a->source_column,
      .group = a->group,
      .label_time = a->label_time,
      .classes = a->classes,
      .classes_file = a->classes_file,
      .memory_bytes = a->memory_limit,
      .n_threads = (int)common->threads,
  };
}
