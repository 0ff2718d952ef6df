/* audit/audit_list.h - every audit, one row each, in the order they run and report. No include
 * guard: expanded for the enum (audit.h), the declarations and the table (audit.c). */
AUDIT(null_content)
AUDIT(null_label)
AUDIT(unknown_label)
AUDIT(duplicate)
AUDIT(near_duplicate)
AUDIT(split_leakage)
AUDIT(length_fingerprint)
AUDIT(rare_class)
AUDIT(class_imbalance)
AUDIT(misalignment)
AUDIT(swapped_codes)
AUDIT(overfit_model)
