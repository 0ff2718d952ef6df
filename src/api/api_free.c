/* api/api_free.c - lqa_free, alone in its file so that the Python extension, which links only what
 * it calls, does not pull in the commands.
 */
#include "labelqa/labelqa.h"

#include <stdlib.h>

void lqa_free(void *owned) {
  free(owned);
}
