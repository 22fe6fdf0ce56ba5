# docs/limits.md is true to the headers: each option of a public struct whose comment gives a number as its default has a row
# in the section that names the struct, with that number.
# usage: awk -f limits.awk include/freshet/*.h docs/limits.md

# "10,000", "64 KiB", "24 hours": in bytes and milliseconds; -1 when it is no number.
function number_of(text, field,    n, unit) {
	gsub(/,/, "", text)
	if (text !~ /^[0-9]/)
		return -1
	n = text + 0
	unit = text
	sub(/^[0-9]+ ?/, "", unit)
	sub(/[^A-Za-z].*/, "", unit)
	if (unit == "KiB")
		return n * 1024
	if (unit == "MiB")
		return n * 1024 * 1024
	if (unit == "s")
		return n * 1000
	if (unit == "minutes")
		return n * 60 * 1000
	if (unit == "hours")
		return n * 3600 * 1000
	return field ~ /_s$/ ? n * 1000 : n
}

# Any number of the text is the one.
function has_number(text, wanted, field) {
	while (match(text, /[0-9][0-9,]*( (KiB|MiB|ms|s|minutes|hours))?/)) {
		if (number_of(substr(text, RSTART, RLENGTH), field) == wanted)
			return 1
		text = substr(text, RSTART + RLENGTH)
	}
	return 0
}

function note_default(field, text) {
	sub(/.*default:? /, "", text)
	if (number_of(text, field) < 0)
		return
	defaults[++count] = number_of(text, field)
	fields[count] = field
	structs[count] = struct
}

/^typedef struct freshet_[a-z_0-9]+ \{/ { struct = $3 }
/^\}/ { struct = "" }
# A comment of its own belongs to the next field.
struct != "" && /^\t(\/\*| \*)/ && /default:? [0-9]/ { before = $0 }
{ code = $0; sub(/\/\*.*|^\t \*.*/, "", code) }
struct != "" && match(code, /[a-z_0-9]+;/) {
	field = substr(code, RSTART, RLENGTH - 1)
	if ($0 ~ /default:? [0-9]/)
		note_default(field, $0)
	else if (before != "")
		note_default(field, before)
	before = ""
}

/^## / { section = $0 }
section != "" && /^\|/ {
	split($0, cells, "|")
	rows++
	row_section[rows] = section
	row_options[rows] = cells[3]
	row_default[rows] = cells[4]
}

END {
	for (i = 1; i <= count; i++) {
		found = 0
		for (r = 1; r <= rows && !found; r++)
			found = index(row_section[r], "`" structs[i] "`") && row_options[r] ~ ("[`.>]" fields[i] "`") &&
				has_number(row_default[r], defaults[i], fields[i])
		if (!found) {
			printf "docs/limits.md: no row of `%s` gives `%s` the default %d\n", structs[i], fields[i], defaults[i]
			failed = 1
		}
	}
	printf "limits: %d defaults\n", count
	exit failed || count == 0
}
