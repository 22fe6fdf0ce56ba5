#include <freshet/sudoiq_resource.h>

static freshet_err err;
static freshet_sudoiq *client;

freshet_sudoiq_registered_fn on_registered;
