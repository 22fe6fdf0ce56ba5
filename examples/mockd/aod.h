/*
 * Agent on Demand, as the emulator's frame sees it.
 */
#ifndef MOCKD_AOD_H
#define MOCKD_AOD_H

struct aod;
struct mockd;
struct platform;

struct aod *aod_new(struct mockd *m);
struct platform *aod_platform(struct aod *a);

#endif
