/*
 * An account of Sudoiq: a server that a test leads by hand and a client of it, with a call of each function for what the
 * account holds beside its runs, and callbacks that note what they were given.
 */
#ifndef SUPPORT_SUDOIQ_ACCOUNT_H
#define SUPPORT_SUDOIQ_ACCOUNT_H

#include "support/h1server.h"

#include <event2/event.h>
#include <freshet/freshet.h>
#include <freshet/sudoiq.h>

#define ACCOUNT_KEY "sk_0123456789abcdef"

struct account {
	struct event_base *base;
	struct h1server server;
	freshet_reactor *reactor;
	freshet_sudoiq *client;
	char url[64];
};

extern struct account account;

/* Url, key and the pauses of `options` (may be NULL) are filled in. */
void account_open(h1server_fn *answer, freshet_sudoiq_options *options);
void account_close(void);

/* For cmocka. */
int account_tear_down(void **state);

/* Until one callback more has come. */
void account_wait(void);

/* What the callbacks were given: objects as text, which the test empties, and the error of the last one. */
extern char account_note[2048];
extern freshet_err account_failed;
extern unsigned account_calls;
extern char account_code[64], account_message[128];

void account_on_tools(freshet_sudoiq_call *call, const freshet_sudoiq_error *error,
	const freshet_sudoiq_registered *tools, size_t count, freshet_str next_cursor, void *user);
void account_on_tests(freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const freshet_sudoiq_test *tests,
	size_t count, freshet_str next_cursor, void *user);
void account_on_grader(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const freshet_sudoiq_grader *grader, void *user);
void account_on_validators(freshet_sudoiq_call *call, const freshet_sudoiq_error *error,
	const freshet_sudoiq_validator *validators, size_t count, freshet_str next_cursor, void *user);
void account_on_feedback(freshet_sudoiq_call *call, const freshet_sudoiq_error *error,
	const freshet_sudoiq_feedback *feedback, size_t count, freshet_str next_cursor, void *user);
void account_on_deleted(freshet_sudoiq_call *call, const freshet_sudoiq_error *error, bool was_there, void *user);
void account_on_json(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, int status, freshet_str json, void *user);

/* Each makes one call. */
freshet_err account_call_register(void);
freshet_err account_call_register_leniently(void);
freshet_err account_register_one(void);
freshet_err account_call_tools(void);
freshet_err account_call_tools_page(void);
freshet_err account_call_delete_tool(void);
freshet_err account_call_delete_tool_that_must_exist(void);
freshet_err account_call_create_tests(void);
freshet_err account_call_tests(void);
freshet_err account_call_delete_test(void);
freshet_err account_call_create_grader(void);
freshet_err account_call_propose_grader(void);
freshet_err account_call_upsert_validators(void);
freshet_err account_call_validators(void);
freshet_err account_call_validators_page(void);
freshet_err account_call_validator(void);
freshet_err account_call_feedback(void);
freshet_err account_call_least_feedback(void);
freshet_err account_call_raw_feedback(void);
freshet_err account_call_feedback_list(void);
freshet_err account_call_route(void);
freshet_err account_call_route_without_a_body(void);

#endif
