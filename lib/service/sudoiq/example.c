/*
 * Stored tests: examples of what an agent is given and should answer.
 */
#include "resource.h"

#define T freshet_sudoiq_test
#define TEST(P, N)                                                                                                     \
	N(ID, object_id_fields, id)                                                                                    \
	P(STR, "input_type", input_type)                                                                               \
	P(STR, "input_content", input_content)                                                                         \
	P(STR, "input_description", input_description)                                                                 \
	P(STR, "output_type", output_type)                                                                             \
	P(STR, "output_content", output_content)                                                                       \
	P(STR, "output_description", output_description)                                                               \
	P(STR, "graded_quality", graded_quality)                                                                       \
	P(STR, "quality_reason", quality_reason)

static void read_quality(void *object)
{
	freshet_sudoiq_test *test = object;
	test->quality = freshet_sudoiq_quality_of(test->graded_quality);
}

SUDOIQ_KIND(test, TEST, read_quality);
#undef T

static void deliver_tests(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const struct sudoiq_found *found)
{
	((freshet_sudoiq_test_fn *)call->done)(
		call, error, found->objects, found->count, found->next_cursor, call->user);
}

SUDOIQ_ANSWER(answered_create, SUDOIQ_FORM_TAKEN, &test_kind, deliver_tests)
SUDOIQ_ANSWER(answered_list, SUDOIQ_FORM_LIST, &test_kind, deliver_tests)

static void write_example(struct sudoiq_ask *ask, const freshet_sudoiq_example *example)
{
	if (example->raw.len > 0) {
		sudoiq_resource_object(ask, example->raw);
		return;
	}
	freshet_json_write_object(ask->writer);
	sudoiq_resource_str(ask, "input_type", example->input_type);
	sudoiq_resource_str(ask, "input_content", example->input_content);
	sudoiq_resource_str(ask, "input_description", example->input_description);
	sudoiq_resource_str(ask, "output_type", example->output_type);
	sudoiq_resource_str(ask, "output_content", example->output_content);
	sudoiq_resource_str(ask, "output_description", example->output_description);
	sudoiq_resource_str(ask, "graded_quality", example->graded_quality);
	sudoiq_resource_str(ask, "quality_reason", example->quality_reason);
	freshet_json_write_end(ask->writer);
}

freshet_err freshet_sudoiq_create_tests(freshet_sudoiq *client, freshet_str agent_id,
	const freshet_sudoiq_example *examples, size_t count, freshet_sudoiq_test_fn *done, void *user,
	freshet_sudoiq_call **out)
{
	struct sudoiq_ask ask;
	sudoiq_ask_begin(&ask, client, ROUTE_tests_create);
	sudoiq_resource_value(&ask, "agent_id", agent_id);
	if (examples == NULL || count == 0)
		sudoiq_ask_fail(&ask, FRESHET_EINVAL);
	if (ask.err == FRESHET_OK && sudoiq_ask_body(&ask) != NULL) {
		freshet_json_write_object(ask.writer);
		freshet_json_write_key(ask.writer, "tests");
		freshet_json_write_array(ask.writer);
		for (size_t i = 0; i < count; i++)
			write_example(&ask, &examples[i]);
		freshet_json_write_end(ask.writer);
		freshet_json_write_end(ask.writer);
	}
	return sudoiq_resource_send(&ask, answered_create, (sudoiq_any_fn *)done, user, out);
}

freshet_err freshet_sudoiq_get_tests(freshet_sudoiq *client, freshet_str agent_id, const freshet_sudoiq_page *page,
	freshet_sudoiq_test_fn *done, void *user, freshet_sudoiq_call **out)
{
	struct sudoiq_ask ask;
	sudoiq_ask_begin(&ask, client, ROUTE_tests_list);
	sudoiq_resource_value(&ask, "agent_id", agent_id);
	sudoiq_resource_page(&ask, page);
	return sudoiq_resource_send(&ask, answered_list, (sudoiq_any_fn *)done, user, out);
}

freshet_err freshet_sudoiq_delete_test(freshet_sudoiq *client, freshet_str agent_id, freshet_str test_id,
	bool must_exist, freshet_sudoiq_deleted_fn *done, void *user, freshet_sudoiq_call **out)
{
	struct sudoiq_ask ask;
	sudoiq_ask_begin(&ask, client, ROUTE_tests_delete);
	sudoiq_resource_value(&ask, "agent_id", agent_id);
	sudoiq_resource_value(&ask, "test_id", test_id);
	return sudoiq_resource_delete(&ask, must_exist, done, user, out);
}
