/* The shared library is made of two archives; CMake wants one source file of its own. */
typedef int lqa_empty;
