/* trust/evidence_columns.h - every column of lqa_evidence, one row each: those of rows.parquet, in
 * its order, then those that stay in memory. No include guard: expanded where evidence is allocated
 * (evidence.c), written (store/row_table.c), read back (store/rows_load.c) and documented.
 *
 * EVIDENCE(column, field, kind, origin, meaning)
 *   kind    CLASS     int32_t        class code; LQA_CLASS_NONE is NULL
 *           NUMBER    double         NaN is NULL
 *           FLAG      uint8_t        0 or 1
 *           RANK      int32_t        from 1; 0 is NULL
 *           FINDINGS  uint64_t       bits of marking kinds, written as a list of finding ids
 *           VERDICT   uint8_t        lqa_verdict; NONE is NULL
 *           ACTION    uint8_t        lqa_action
 *           NAME      const char *   NULL is NULL
 *   origin  AUDIT     only rows.parquet has it: read back from there when a run is opened
 *           RUN_DB    run.db has it: put in again from there
 *           RULE      follows from the others: computed again
 *           POSTERIOR follows from the others; read back as posterior_label, which the rule prefers
 * HIDDEN(field, kind): an array without a column. */
EVIDENCE(predicted_label, predicted_label, CLASS, AUDIT, "most probable class out of fold")
EVIDENCE(self_confidence, self_confidence, NUMBER, AUDIT,
         "out-of-fold probability of the given label; NULL for rows without content or without a "
         "known label, which are never trained on and never flagged")
EVIDENCE(is_label_issue, is_label_issue, FLAG, AUDIT, "flagged by confident learning")
EVIDENCE(issue_rank, issue_rank, RANK, AUDIT,
         "1 = lowest self-confidence among the flagged; NULL for the others")
EVIDENCE(loss, loss, NUMBER, AUDIT,
         "training loss where logs were given, else -log(max(self_confidence, 1e-15))")
EVIDENCE(loss_percentile, loss_percentile, NUMBER, AUDIT,
         "share of all rows with a smaller loss, 0 to 1; ties stand at their mid-rank")
EVIDENCE(is_high_loss, is_high_loss, FLAG, AUDIT, "loss_percentile is above 0.9")
EVIDENCE(provenance, finding_bits, FINDINGS, AUDIT, "ids of the findings that mark this row")
EVIDENCE(verdict, verdict, VERDICT, RUN_DB, "YES, NO or UNKNOWN; NULL where no judge saw the row")
EVIDENCE(corrected_label, corrected_label, CLASS, RUN_DB, "the judge's correction, a known class")
EVIDENCE(decided_label, decided_label, CLASS, RUN_DB,
         "a person's decision; it beats every other evidence")
EVIDENCE(decided_by, decided_by, NAME, RUN_DB, "who decided")
EVIDENCE(suggested_label, suggested_label, CLASS, POSTERIOR,
         "best label by all evidence; equals label where that is best")
EVIDENCE(p_correct, p_correct, NUMBER, AUDIT,
         "probability by all evidence that label is right; NULL where it was not estimated")
EVIDENCE(trust_score, trust_score, NUMBER, RULE, "how far label may be believed, 0 to 1")
EVIDENCE(review_action, action, ACTION, RULE, "relabel, keep (ambiguous), needs_review or keep")
HIDDEN(has_error_finding, FLAG)
HIDDEN(structural_label, CLASS)
HIDDEN(posterior_label, CLASS)
