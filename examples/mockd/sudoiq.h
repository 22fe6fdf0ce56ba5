/*
 * Sudoiq, as the emulator's frame sees it.
 */
#ifndef MOCKD_SUDOIQ_H
#define MOCKD_SUDOIQ_H

struct mockd;
struct platform;
struct siq;

/* NULL when the options name a table, a way to come in or a script that does not exist. */
struct siq *siq_new(struct mockd *m);
struct platform *siq_platform(struct siq *s);

#endif
