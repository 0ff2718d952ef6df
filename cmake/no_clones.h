/* For the thread sanitizer: its instrumentation of the resolver of a target_clones function runs
 * before the sanitizer itself does, and crashes. Results are the same without clones. */
#define target_clones(...)
