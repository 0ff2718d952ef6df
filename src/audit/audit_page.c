/* The pages of docs/audits are looked up by id, one comparison each: there are some forty. The
 * table is made by cmake/embed_pages.cmake.
 */
#include "audit/audit_page.h"

#include <string.h>

const char *lqa_audit_page_find(const char *id) {
  for (const lqa_audit_page *page = lqa_audit_pages; page->id; page++) {
    if (strcmp(page->id, id) == 0) {
      return page->text;
    }
  }
  return NULL;
}
