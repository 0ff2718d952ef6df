# How every C file is compiled.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS ON) # _GNU_SOURCE, target_clones
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden) # liblabelqa.so exports what LQA_API marks, nothing else
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Results must not depend on the compiler's contraction of a*b+c or on the SIMD level.
add_compile_options(-Wall -Wextra -Wshadow -Wstrict-prototypes -Wvla -Wno-psabi
                    -Wno-unknown-warning-option -ffp-contract=off -fno-math-errno
                    -fno-trapping-math)
if(LABELQA_WERROR)
  add_compile_options(-Werror)
endif()
add_compile_definitions(_GNU_SOURCE LABELQA_VERSION="${PROJECT_VERSION}")

# The program reads strangers' files: what overflows all the same should stop, not run on.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-z,relro,-z,now)
endif()
