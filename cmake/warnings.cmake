# Warnings are errors with every compiler that builds freshet.
add_library(freshet_warnings INTERFACE)
target_compile_options(freshet_warnings INTERFACE
	$<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes
	-Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wvla
	-Wformat=2 -Wimplicit-fallthrough -Werror>)
