# The C of a page as one text for a compiler: what stands in a block between ```c and ``` becomes the body of a function, and
# the functions in it come before that. A whole program is left out, being an example that is built and run, and so is
# a line of three dots.
# usage: awk -f samples.awk PAGE
function end_paragraph() {
	if (first ~ /^static [^=;]*\(/ && paragraph ~ /\n\{\n/)
		functions = functions paragraph
	else
		statements = statements paragraph
	paragraph = ""
}

function end_block() {
	end_paragraph()
	samples++
	printf "%sint sample_%d(void);\nint sample_%d(void)\n{\n%s}\n\n", functions, samples, samples, statements
}

/^```c$/ { inside = 1; program = 0; functions = statements = paragraph = ""; next }
inside && /^```$/ { inside = 0; if (!program) end_block(); next }
!inside || /^\.\.\.$/ { next }
/^int main\(/ { program = 1 }
paragraph == "" { first = $0; paragraph = sprintf("#line %d \"%s\"\n", NR, FILENAME) }
{ paragraph = paragraph $0 "\n" }
/^$/ || /^}$/ { end_paragraph() }
