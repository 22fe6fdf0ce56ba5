# The documents are true where a machine can tell: the program that the README shows is the example that is built and
# tested, and every link to a file of the repository leads to one.
# usage: cmake -DSOURCE_DIR=... -P tests/documents.cmake
cmake_policy(VERSION 3.25)
set(failures "")

file(READ ${SOURCE_DIR}/README.md readme)
file(READ ${SOURCE_DIR}/examples/stream_one.c program)
string(FIND "${readme}" "${program}" place)
if(place EQUAL -1)
	list(APPEND failures "README.md does not show examples/stream_one.c as it is")
endif()

file(GLOB documents ${SOURCE_DIR}/*.md ${SOURCE_DIR}/docs/*.md ${SOURCE_DIR}/docs/*/*.md ${SOURCE_DIR}/examples/*.md)
set(links 0)
foreach(document ${documents})
	get_filename_component(folder ${document} DIRECTORY)
	file(READ ${document} text)
	# Brackets would hold the items of a CMake list together.
	string(REPLACE "](" "LINK=" text "${text}")
	string(REGEX MATCHALL "LINK=[^)# ]+" found "${text}")
	foreach(link ${found})
		string(REGEX REPLACE "^LINK=" "" link "${link}")
		if(NOT link MATCHES "^[a-z]+:")
			math(EXPR links "${links} + 1")
			if(NOT EXISTS ${folder}/${link})
				list(APPEND failures "${document}: ${link} does not exist")
			endif()
		endif()
	endforeach()
endforeach()

if(failures)
	list(JOIN failures "\n  " text)
	message(FATAL_ERROR "documents:\n  ${text}")
endif()
message(STATUS "documents: ${links} links")
