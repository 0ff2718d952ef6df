/* export/export_list.h - every export, one row each. No include guard: expanded for the enum
 * (export.h), the declarations and the table (export.c). */
EXPORT(relabel)
EXPORT(review)
EXPORT(cleaned)
EXPORT(weights)
EXPORT(decisions)
EXPORT(fixed)
EXPORT(labeling_config)
