#include <freshet/agentos.h>

static freshet_reactor *reactor;
static freshet_agentos *agentos;
static freshet_agentos_run *run;
static freshet_agentos_options options;
static freshet_agentos_task task;
static freshet_str input, output;
static void *user;

void run_is_over(freshet_agentos_run *r, const freshet_agentos_run_end *end, void *u);
void on_closed(const freshet_agentos_stats *stats, void *u);
