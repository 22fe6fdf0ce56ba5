#include <freshet/agent.h>
#include <stdio.h>

static freshet_agent_reader *reader;
