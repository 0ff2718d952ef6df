/* audit/audit_page.h - the page of docs/audits about a finding, as text inside the library.
 *
 * The build makes the table from the pages (cmake/embed_pages.cmake), so that an installed command
 * can show what the documentation says without the documentation being there.
 */
#ifndef LQA_AUDIT_AUDIT_PAGE_H
#define LQA_AUDIT_AUDIT_PAGE_H

#include <stddef.h>

typedef struct lqa_audit_page {
  const char *id;   /* of a finding, or of an audit without findings */
  const char *text; /* Markdown */
} lqa_audit_page;

extern const lqa_audit_page lqa_audit_pages[]; /* by id; ends at id == NULL */

/* The page of `id`, or NULL. */
const char *lqa_audit_page_find(const char *id);

#endif
