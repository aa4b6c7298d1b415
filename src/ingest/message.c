/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message: the sets of one datagram in, templates learnt and data decoded.
 *
 * RFC 3954, 5; RFC 7011, 3.3 and 3.4. A length that contradicts its
 * surroundings ends the walk, since nothing behind it can be trusted; a set of
 * an unknown kind is stepped over.
 */
#include "ingest/message.h"

#include "ingest/template.h"

#define SET_HEADER 4
/* Smaller ids are for kinds of sets, larger ones are templates. */
#define FIRST_ID   256

/* The bytes of @fields field specifiers, split off @set; failed if there are not so many. */
static struct bytes split_specs(const struct message_form *form, struct bytes *set, unsigned fields)
{
	struct bytes specs = *set;

	for (unsigned i = 0; i < fields && !set->failed; i++) {
		uint16_t id = bytes_be16(set);
		bytes_skip(set, form->enterprise && id & 0x8000 ? 6 : 2);
	}
	specs.failed = set->failed;
	specs.end = set->at;
	return specs;
}

/* Learn or withdraw what one template record says. Return: false when the set ends here. */
static bool use_template(struct message *message, struct template_spec *spec, struct bytes *set)
{
	if (spec->fields == 0 && message->form->withdrawal) {
		if (spec->id == message->form->template_set ||
		    spec->id == message->form->options_set)
			template_withdraw_all(message, spec->options);
		else
			template_withdraw(message, spec->id);
		return true;
	}
	spec->specs = split_specs(message->form, set, spec->fields);
	if (spec->specs.failed || spec->scopes > spec->fields) {
		message_count(message, REASON_TEMPLATE_BAD);
		return false;
	}
	if (spec->id < FIRST_ID || spec->fields == 0)
		message_count(message, REASON_TEMPLATE_BAD);
	else
		template_define(message, spec);
	return true;
}

/* RFC 3954, 6.1: lengths of scopes and options in bytes, 4 for each specifier. */
static void read_options_v9(struct bytes *set, struct template_spec *spec)
{
	uint16_t scope_bytes = bytes_be16(set);
	uint16_t option_bytes = bytes_be16(set);

	set->failed |= (scope_bytes | option_bytes) & 3;
	spec->scopes = scope_bytes / 4;
	spec->fields = (uint16_t)(spec->scopes + option_bytes / 4);
}

static void template_set(struct message *message, struct bytes set, bool options)
{
	while (bytes_left(&set) >= 4) {
		struct template_spec spec = { .options = options, .id = bytes_be16(&set) };
		if (options && message->form->scope_types) {
			read_options_v9(&set, &spec);
		} else {
			spec.fields = bytes_be16(&set);
			if (options && spec.fields)
				spec.scopes = bytes_be16(&set);
		}
		/* Zeros are padding. */
		if (spec.id == 0 && spec.fields == 0)
			return;
		if (set.failed) {
			message_count(message, REASON_TEMPLATE_BAD);
			return;
		}
		if (!use_template(message, &spec, &set))
			return;
	}
}

static void one_set(struct message *message, uint16_t id, struct bytes set)
{
	if (id == message->form->template_set)
		template_set(message, set, false);
	else if (id == message->form->options_set)
		template_set(message, set, true);
	else if (id < FIRST_ID)
		message_count(message, REASON_VERSION);
	else if (!message->repeated)
		template_data(message, id, set);
}

void message_sets(struct message *message, struct bytes sets, const uint8_t *end)
{
	while (sets.at < end && bytes_left(&sets) >= SET_HEADER) {
		uint16_t id = bytes_be16(&sets);
		uint16_t len = bytes_be16(&sets);
		if (len < SET_HEADER) {
			if (!message->form->zero_fill || id != 0 || !bytes_are_zero(&sets))
				message_count(message, REASON_LENGTH);
			return;
		}
		struct bytes set = bytes_split(&sets, len - SET_HEADER);
		if (set.failed) {
			message_count(message, REASON_SHORT);
			return;
		}
		one_set(message, id, set);
	}
}
