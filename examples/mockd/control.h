/*
 * The control API under /mockd.
 */
#ifndef MOCKD_CONTROL_H
#define MOCKD_CONTROL_H

struct mockd;
struct platform;

struct platform *control_new(struct mockd *m);

#endif
