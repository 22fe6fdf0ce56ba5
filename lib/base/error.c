/*
 * Texts and names of the error codes, from the one list in the public header.
 */
#include <freshet/error.h>

const char *freshet_version(void)
{
	return FRESHET_VERSION;
}

const char *freshet_err_text(freshet_err err)
{
	switch (err) {
	case FRESHET_OK: return "no error";
#define TEXT_OF(name, number, text)                                                                                    \
	case FRESHET_E##name: return text;
		FRESHET_ERR_MAP(TEXT_OF)
#undef TEXT_OF
	}
	return "an unknown error code";
}

const char *freshet_err_name(freshet_err err)
{
	switch (err) {
	case FRESHET_OK: return "FRESHET_OK";
#define NAME_OF(name, number, text)                                                                                    \
	case FRESHET_E##name: return "FRESHET_E" #name;
		FRESHET_ERR_MAP(NAME_OF)
#undef NAME_OF
	}
	return "unknown";
}
