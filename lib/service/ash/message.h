/*
 * The request that sends a message.
 */
#ifndef ASH_MESSAGE_H
#define ASH_MESSAGE_H

#include "call.h"

/* Begins the request and writes its body. FRESHET_EINVAL for content that the server would not take. */
freshet_err ash_message_write(struct ash_request *q, freshet_ash *client, const freshet_ash_turn_options *o);

#endif
