/* Runs a fuzz target over its committed corpus, for compilers without libFuzzer: every file under
 * the folders and files named on the command line, in name order, then the empty input. A crash
 * that fuzzing once found stays a test this way. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path) {
  FILE *file = fopen(path, "rb");
  struct stat info;
  if (file == NULL || fstat(fileno(file), &info) != 0) {
    perror(path);
    return 1;
  }
  size_t size = (size_t)info.st_size;
  /* Exactly `size` bytes, so that a sanitizer sees a read past the end. */
  uint8_t *data = malloc(size > 0 ? size : 1);
  int failed = data == NULL || fread(data, 1, size, file) != size;
  if (failed) {
    fprintf(stderr, "%s: cannot be read\n", path);
  } else {
    LLVMFuzzerTestOneInput(data, size);
  }
  free(data);
  fclose(file);
  return failed;
}

static int replay_folder(const char *folder, int *n_files) {
  struct dirent **entries;
  int n = scandir(folder, &entries, NULL, alphasort);
  if (n < 0) {
    perror(folder);
    return 1;
  }
  int failed = 0;
  for (int i = 0; i < n; i++) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
    if (entries[i]->d_name[0] != '.') {
      failed |= replay_file(path);
      *n_files += 1;
    }
    free(entries[i]);
  }
  free(entries);
  return failed;
}

int main(int argc, char **argv) {
  int failed = 0;
  int n_files = 0;
  for (int i = 1; i < argc; i++) {
    struct stat info;
    if (stat(argv[i], &info) == 0 && S_ISDIR(info.st_mode)) {
      failed |= replay_folder(argv[i], &n_files);
    } else {
      failed |= replay_file(argv[i]);
      n_files += 1;
    }
  }
  LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
  printf("replayed %d inputs\n", n_files);
  /* A target without a corpus would pass while testing nothing. */
  return failed != 0 || n_files == 0;
}
