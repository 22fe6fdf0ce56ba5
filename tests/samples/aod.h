#include <freshet/aod.h>

static freshet_reactor *reactor;
static freshet_aod *aod;
static const freshet_aod_agent *agent;
static freshet_aod_create_options session;
static void *user;

void created(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_ack *ack, void *u);
void updated(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_agent *a, void *u);
void show(freshet_aod_run *run, const freshet_aod_event *event, void *u);
void finished(freshet_aod_run *run, const freshet_aod_run_end *end, void *u);
