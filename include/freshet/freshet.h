/*
 * The core of freshet in one include: reactor, endpoint, request, stream, timer and the two parsers. Services have
 * headers of their own.
 */
#ifndef FRESHET_FRESHET_H
#define FRESHET_FRESHET_H

#include <freshet/counters.h>
#include <freshet/endpoint.h>
#include <freshet/error.h>
#include <freshet/json.h>
#include <freshet/outcome.h>
#include <freshet/reactor.h>
#include <freshet/request.h>
#include <freshet/sse.h>
#include <freshet/stream.h>
#include <freshet/timer.h>
#include <freshet/types.h>

#endif
