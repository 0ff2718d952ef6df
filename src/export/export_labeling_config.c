/* labelqa export RUN labeling-config: the labelling interface that the tasks of --format
 * label-studio fit, as Label Studio's project settings take it: the text and one choice of all
 * classes (https://labelstud.io/tags). Labels are escaped; characters that XML cannot hold at all
 * are an error, since a class that is spelt otherwise there would not come back.
 */
#include "base/file.h"
#include "export/export.h"

#include <stdint.h>

static const size_t MAX_CONFIG_BYTES = SIZE_MAX / 4;

static void add_attribute(lqa_str text, lqa_buf *out) {
  for (size_t i = 0; i < text.size; i++) {
    switch (text.data[i]) {
    case '&':
      lqa_buf_add_text(out, "&amp;");
      break;
    case '<':
      lqa_buf_add_text(out, "&lt;");
      break;
    case '"':
      lqa_buf_add_text(out, "&quot;");
      break;
    case '\t':
    case '\n':
    case '\r':
      lqa_buf_printf(out, "&#%d;", text.data[i]);
      break;
    default:
      lqa_buf_add_char(out, text.data[i]);
    }
  }
}

static bool fits_xml(lqa_str text) {
  for (size_t i = 0; i < text.size; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c < ' ' && c != '\t' && c != '\n' && c != '\r') {
      return false;
    }
  }
  return true;
}

static lqa_status add_config(const lqa_manifest *manifest, lqa_buf *out, lqa_error *err) {
  lqa_buf_add_text(out, "<View>\n"
                        "  <Text name=\"text\" value=\"$text\"/>\n"
                        "  <Choices name=\"label\" toName=\"text\" choice=\"single\" "
                        "required=\"true\">\n");
  for (int32_t k = 0; k < manifest->n_classes; k++) {
    if (!fits_xml(manifest->classes[k])) {
      return lqa_fail(err, LQA_BAD_DATA,
                      "class %d has a control character in its name, which XML cannot hold: rename "
                      "the class in the source, or label in the sheet of 'review'",
                      (int)k);
    }
    lqa_buf_add_text(out, "    <Choice value=\"");
    add_attribute(manifest->classes[k], out);
    lqa_buf_add_text(out, "\"/>\n");
  }
  lqa_buf_add_text(out, "  </Choices>\n</View>\n");
  return lqa_buf_check(out, err);
}

static lqa_status run(lqa_run *run, const lqa_export_options *options, lqa_export_summary *summary,
                      lqa_error *err) {
  lqa_buf out;
  lqa_buf_init(&out, MAX_CONFIG_BYTES);
  lqa_status status;
  LQA_TRY_OUT(add_config(&run->manifest, &out, err));
  status = lqa_file_save(options->path, out.data, out.size, err);
out:
  lqa_buf_clear(&out);
  summary->n_rows = run->manifest.n_classes;
  return status;
}

const lqa_export lqa_export_labeling_config = {
    .number = LQA_EXPORT_labeling_config,
    .name = "labeling-config",
    .summary = "the labelling interface that Label Studio's tasks fit, as XML",
    .is_one_format = true,
    .run = run,
};
