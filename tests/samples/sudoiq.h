#include <freshet/sudoiq.h>
#include <freshet/webhook.h>

static freshet_reactor *reactor;
static freshet_sudoiq *sudoiq;
static freshet_sudoiq_names names;
static freshet_sudoiq_input question;
static freshet_str agent;
static void *user;

freshet_str look_up(freshet_str args);
freshet_sudoiq_run_done_fn on_done;
static void read_meter(freshet_sudoiq_invocation *invocation, void *u);
