/* The system's clocks and its account of this process. */
#include "base/clock.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

double lqa_clock_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int64_t lqa_peak_rss_bytes(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (int64_t)usage.ru_maxrss * 1024;
}

int64_t lqa_rss_bytes(void) {
  long long size, resident = -1;
  FILE *statm = fopen("/proc/self/statm", "re");
  if (statm && fscanf(statm, "%lld %lld", &size, &resident) != 2) {
    resident = -1;
  }
  if (statm) {
    fclose(statm);
  }
  return resident < 0 ? lqa_peak_rss_bytes() : (int64_t)resident * sysconf(_SC_PAGESIZE);
}

void lqa_clock_utc(char out[32]) {
  time_t now = time(NULL);
  struct tm parts;
  gmtime_r(&now, &parts);
  strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

int64_t lqa_clock_unix_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
