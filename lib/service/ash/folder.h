/*
 * A local folder as members of a request.
 */
#ifndef ASH_FOLDER_H
#define ASH_FOLDER_H

#include "call.h"

/*
 * Puts the array of all files of the folder, by path. FRESHET_ESYSTEM (errno tells) when something cannot be read,
 * FRESHET_EJSON_SIZE when the files alone are larger than the request may be, FRESHET_EINVAL when folders lie too deep.
 */
void ash_put_folder(struct ash_request *q, const char *name, const char *folder);

#endif
