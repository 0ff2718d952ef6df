/* report/chart/svg.c - SVG elements as text.
 *
 * Numbers are made of integers, because printf would write a comma for the point where a program
 * that uses the library has set such a locale.
 */
#include "report/chart/svg.h"

#include "base/utf8.h"
#include "report/markup.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

enum { MAX_SAID = 256, DEFAULT_MOST = 60 };

static const char *const CLASSES[LQA_SVG_LOOK_COUNT] = {
    [LQA_SVG_BAR] = "bar",   [LQA_SVG_SECOND] = "second", [LQA_SVG_WHISKER] = "whisker",
    [LQA_SVG_GRID] = "grid", [LQA_SVG_AXIS] = "axis",     [LQA_SVG_GUIDE] = "guide",
    [LQA_SVG_BAND] = "band", [LQA_SVG_PLAIN] = "plain",   [LQA_SVG_LABEL] = "label",
    [LQA_SVG_TICK] = "tick", [LQA_SVG_CELL] = "cell",     [LQA_SVG_ON_BAR] = "onbar"};

static void add_number(lqa_buf *out, double value) {
  double limited = isfinite(value) ? fmax(-1e6, fmin(1e6, value)) : 0;
  int64_t hundredths = (int64_t)floor(limited * 100 + .5);
  uint64_t size = (uint64_t)(hundredths < 0 ? -hundredths : hundredths);
  lqa_buf_printf(out, "%s%llu", hundredths < 0 ? "-" : "", (unsigned long long)(size / 100));
  if (size % 100) {
    lqa_buf_printf(out, ".%02u", (unsigned)(size % 100));
    out->size -= out->data && !out->failed && out->data[out->size - 1] == '0';
  }
}

static void add_attribute(lqa_buf *out, const char *name, double value) {
  lqa_buf_printf(out, " %s=\"", name);
  add_number(out, value);
  LQA_MARKUP(out, "\"");
}

static void add_class(lqa_buf *out, lqa_svg_look look) {
  lqa_buf_printf(out, " class=\"%s\"", CLASSES[look]);
}

void lqa_svg_open(lqa_buf *out, const lqa_svg_head *head) {
  lqa_buf_printf(out, "<svg role=\"img\" aria-labelledby=\"t%d d%d\" viewBox=\"0 0 ", head->number,
                 head->number);
  add_number(out, head->width);
  LQA_MARKUP(out, " ");
  add_number(out, head->height);
  lqa_buf_printf(out, "\"><title id=\"t%d\">", head->number);
  lqa_html_say(out, "%s", head->title);
  lqa_buf_printf(out, "</title><desc id=\"d%d\">", head->number);
  lqa_markup_escape(head->description, out);
  LQA_MARKUP(out, "</desc>\n");
}

void lqa_svg_close(lqa_buf *out) {
  LQA_MARKUP(out, "</svg>\n");
}

static lqa_str say_into(char said[MAX_SAID], const char *format, va_list args) {
  int size = vsnprintf(said, MAX_SAID, format, args);
  return (lqa_str){said, size < 0 ? 0 : size < MAX_SAID ? (size_t)size : MAX_SAID - 1};
}

lqa_str lqa_svg_cut(lqa_str text, size_t n) {
  return text.data ? (lqa_str){text.data, lqa_utf8_prefix(text.data, text.size, n)} : LQA_STR("");
}

void lqa_svg_hint(lqa_buf *out, const char *format, ...) {
  char said[MAX_SAID];
  va_list args;
  va_start(args, format);
  lqa_str text = say_into(said, format, args);
  va_end(args);
  LQA_MARKUP(out, "<g><title>");
  lqa_markup_escape(text, out);
  LQA_MARKUP(out, "</title>");
}

void lqa_svg_end(lqa_buf *out) {
  LQA_MARKUP(out, "</g>\n");
}

void lqa_svg_rect(lqa_buf *out, lqa_svg_look look, lqa_svg_box box, double strength) {
  LQA_MARKUP(out, "<rect");
  add_class(out, look);
  add_attribute(out, "x", box.x);
  add_attribute(out, "y", box.y);
  add_attribute(out, "width", fmax(0, box.width));
  add_attribute(out, "height", fmax(0, box.height));
  if (strength < 1) {
    add_attribute(out, "fill-opacity", strength);
  }
  LQA_MARKUP(out, "/>\n");
}

void lqa_svg_line(lqa_buf *out, lqa_svg_look look, lqa_svg_box line) {
  LQA_MARKUP(out, "<line");
  add_class(out, look);
  add_attribute(out, "x1", line.x);
  add_attribute(out, "y1", line.y);
  add_attribute(out, "x2", line.x + line.width);
  add_attribute(out, "y2", line.y + line.height);
  LQA_MARKUP(out, "/>\n");
}

void lqa_svg_dot(lqa_buf *out, lqa_svg_look look, double x, double y) {
  LQA_MARKUP(out, "<circle");
  add_class(out, look);
  add_attribute(out, "cx", x);
  add_attribute(out, "cy", y);
  LQA_MARKUP(out, " r=\"3.5\"/>\n");
}

static void add_cut(lqa_str text, size_t most, lqa_buf *out) {
  lqa_buf flat;
  lqa_buf_init(&flat, 8 * most + 16);
  lqa_markup_middle(text, most, &flat);
  lqa_markup_escape(lqa_buf_str(&flat), out);
  out->failed = out->failed || flat.failed;
  lqa_buf_clear(&flat);
}

void lqa_svg_text_at(lqa_buf *out, const lqa_svg_text *where, lqa_str text) {
  static const char *const ANCHORS[] = {"start", "middle", "end"};
  LQA_MARKUP(out, "<text");
  add_class(out, where->look);
  add_attribute(out, "x", where->x);
  add_attribute(out, "y", where->y);
  if (where->anchor != LQA_SVG_START) {
    lqa_buf_printf(out, " text-anchor=\"%s\"", ANCHORS[where->anchor]);
  }
  if (where->turned != 0) {
    LQA_MARKUP(out, " transform=\"rotate(");
    add_number(out, where->turned);
    LQA_MARKUP(out, " ");
    add_number(out, where->x);
    LQA_MARKUP(out, " ");
    add_number(out, where->y);
    LQA_MARKUP(out, ")\"");
  }
  LQA_MARKUP(out, ">");
  add_cut(text, where->most ? where->most : DEFAULT_MOST, out);
  LQA_MARKUP(out, "</text>\n");
}

void lqa_svg_say(lqa_buf *out, const lqa_svg_text *where, const char *format, ...) {
  char said[MAX_SAID];
  va_list args;
  va_start(args, format);
  lqa_str text = say_into(said, format, args);
  va_end(args);
  lqa_svg_text_at(out, where, text);
}

void lqa_svg_path_begin(lqa_buf *out, lqa_svg_look look) {
  LQA_MARKUP(out, "<polyline");
  add_class(out, look);
  LQA_MARKUP(out, " points=\"");
}

void lqa_svg_path_point(lqa_buf *out, double x, double y) {
  add_number(out, x);
  LQA_MARKUP(out, ",");
  add_number(out, y);
  LQA_MARKUP(out, " ");
}

void lqa_svg_path_end(lqa_buf *out) {
  LQA_MARKUP(out, "\"/>\n");
}
