/*
 * A copy of the names that the status object of Sudoiq is read by.
 */
#ifndef WEBHOOK_SPELLING_H
#define WEBHOOK_SPELLING_H

#include <freshet/sudoiq_status.h>

struct spelling;

/* NULL gives NULL: Sudoiq's own names. FRESHET_EINVAL, FRESHET_ENOMEM; on failure *out is NULL. */
freshet_err spelling_new(const freshet_sudoiq_names *names, struct spelling **out);

/* NULL is fine. */
void spelling_free(struct spelling *spelling);

/* What freshet_sudoiq_status_new takes. */
const freshet_sudoiq_names *spelling_names(const struct spelling *spelling);

#endif
