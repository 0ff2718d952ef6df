/* base/timestamp.c - times in the forms that exports use.
 *
 * Each form is strict, so that a value has one reading in it; which form a column has is for its
 * reader to find. Dates of the form 03/04/2026 fit both orders; day-first is tried before
 * month-first. Calendar arithmetic: Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
#include "base/timestamp.h"

#include <math.h>
#include <stdio.h>

static int64_t days_from_civil(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t of_era = year - era * 400;
  int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Digits at *at, between `least` and `most` of them. */
static bool read_digits(lqa_str s, size_t *at, size_t least, size_t most, int64_t *value) {
  size_t start = *at;
  *value = 0;
  while (*at < s.size && *at - start < most && s.data[*at] >= '0' && s.data[*at] <= '9') {
    *value = *value * 10 + (s.data[(*at)++] - '0');
  }
  return *at - start >= least;
}

static bool read_one_of(lqa_str s, size_t *at, const char *characters) {
  if (*at < s.size && s.data[*at] && strchr(characters, s.data[*at])) {
    ++*at;
    return true;
  }
  return false;
}

/* "", "Z", "+01:00", "-0500", " UTC" */
static bool read_zone(lqa_str s, size_t *at, double *offset) {
  *offset = 0;
  lqa_str rest = {s.data + *at, s.size - *at};
  if (rest.size == 0 || lqa_str_equal(rest, LQA_STR("Z")) || lqa_str_equal(rest, LQA_STR(" UTC"))) {
    *at = s.size;
    return true;
  }
  int sign = rest.data[0] == '-' ? -1 : 1;
  int64_t hours, minutes = 0;
  if (!read_one_of(s, at, "+-") || !read_digits(s, at, 2, 2, &hours)) {
    return false;
  }
  read_one_of(s, at, ":");
  if (*at < s.size && !read_digits(s, at, 2, 2, &minutes)) {
    return false;
  }
  *offset = sign * (double)(hours * 3600 + minutes * 60);
  return *at == s.size;
}

/* "", "T21:04", " 21:04:12.25" and a zone; adds to *seconds. */
static bool read_clock(lqa_str s, size_t at, double *seconds) {
  int64_t hour = 0, minute = 0, second = 0;
  double fraction = 0, scale = 1, offset;
  if (at == s.size) {
    return true;
  }
  if (!read_one_of(s, &at, "T ") || !read_digits(s, &at, 1, 2, &hour) ||
      !read_one_of(s, &at, ":") || !read_digits(s, &at, 2, 2, &minute)) {
    return false;
  }
  if (read_one_of(s, &at, ":") && !read_digits(s, &at, 2, 2, &second)) {
    return false;
  }
  if (read_one_of(s, &at, ".,")) {
    for (; at < s.size && s.data[at] >= '0' && s.data[at] <= '9'; at++) {
      scale /= 10;
      fraction += (s.data[at] - '0') * scale;
    }
  }
  bool is_late = hour > 24 || (hour == 24 && (minute > 0 || second > 0 || fraction > 0));
  if (!read_zone(s, &at, &offset) || is_late || minute > 59 || second > 60) {
    return false;
  }
  *seconds += (double)(hour * 3600 + minute * 60 + second) + fraction - offset;
  return true;
}

static int64_t days_in_month(int64_t year, int64_t month) {
  static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && is_leap ? 29 : days[month - 1];
}

static bool read_date(lqa_str s, lqa_time_form form, double *seconds) {
  int64_t part[3];
  size_t at = 0;
  bool year_first = form == LQA_TIME_ISO;
  const char *separators = year_first ? "-/" : form == LQA_TIME_MONTH_FIRST ? "/-" : "./-";
  if (!read_digits(s, &at, year_first ? 4 : 1, year_first ? 4 : 2, &part[0]) ||
      !read_one_of(s, &at, separators) || !read_digits(s, &at, 1, 2, &part[1]) ||
      !read_one_of(s, &at, separators) ||
      !read_digits(s, &at, year_first ? 1 : 4, year_first ? 2 : 4, &part[2])) {
    return false;
  }
  int64_t year = year_first ? part[0] : part[2];
  int64_t month = form == LQA_TIME_MONTH_FIRST ? part[0] : part[1];
  int64_t day = year_first ? part[2] : form == LQA_TIME_MONTH_FIRST ? part[1] : part[0];
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) {
    return false;
  }
  *seconds = 86400. * (double)days_from_civil(year, month, day);
  return read_clock(s, at, seconds);
}

bool lqa_time_parse(lqa_str text, lqa_time_form form, double *seconds) {
  text = lqa_str_trim(text);
  if (form <= LQA_TIME_MONTH_FIRST) {
    return text.size > 0 && read_date(text, form, seconds);
  }
  double value;
  if (!lqa_str_to_double(text, &value)) {
    return false;
  }
  *seconds = form == LQA_TIME_MILLISECONDS ? value / 1000 : value;
  /* 1980 to 2100: other numbers give an order, but no date */
  return form == LQA_TIME_NUMBER || (*seconds >= 315532800 && *seconds < 4102444800.);
}

void lqa_time_count_unit(lqa_time_units *units, lqa_str text, int64_t row) {
  double seconds;
  if (!text.data) {
    return;
  }
  if (lqa_time_parse(text, LQA_TIME_SECONDS, &seconds)) {
    units->seconds_row = units->n_seconds++ ? units->seconds_row : row;
  } else if (lqa_time_parse(text, LQA_TIME_MILLISECONDS, &seconds)) {
    units->milliseconds_row = units->n_milliseconds++ ? units->milliseconds_row : row;
  } else {
    units->n_others++;
  }
}

bool lqa_time_mixes_units(const lqa_time_units *units) {
  return units->n_others == 0 && units->n_seconds > 0 && units->n_milliseconds > 0;
}

bool lqa_time_occurs(const double *seconds, int64_t n) {
  int64_t row = 0;
  while (row < n && isnan(seconds[row])) {
    row++;
  }
  return row < n;
}

void lqa_time_format(double seconds, lqa_time_form form, char out[32]) {
  if (form == LQA_TIME_NUMBER) {
    snprintf(out, 32, "%.15g", seconds);
    return;
  }
  int64_t days = (int64_t)floor(seconds / 86400),
          second = (int64_t)(seconds - 86400. * (double)days);
  int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
  int64_t of_era = z - era * 146097;
  int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
  int64_t shifted = (5 * of_year + 2) / 153, day = of_year - (153 * shifted + 2) / 5 + 1;
  int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
  snprintf(out, 32, "%04u-%02u-%02uT%02u:%02u:%02uZ",
           (unsigned)(year + era * 400 + (month <= 2)) % 10000, (unsigned)month % 100,
           (unsigned)day % 100, (unsigned)(second / 3600) % 100, (unsigned)(second / 60) % 60,
           (unsigned)second % 60);
}
