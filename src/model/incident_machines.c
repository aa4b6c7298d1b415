/* SPDX-License-Identifier: Apache-2.0 */
/* incident_machines: own hosts that take part in an incident, and whose they are. Any thread. */
#include <stdlib.h>
#include <string.h>

#include "model/incident.h"

void incident_whose_is(const struct incident *incident, const struct ip *ip,
		       const char **ret_tenant, const char **ret_region)
{
	*ret_tenant = *ret_region = "";
	if (incident->whose)
		incident->whose->of(incident->whose->self, ip, ret_tenant, ret_region);
}

static int by_name(const void *left, const void *right)
{
	const struct incident_tenant *a = left, *b = right;
	int order = strcmp(a->tenant, b->tenant);

	return order ? order : strcmp(a->region, b->region);
}

static int by_machines(const void *left, const void *right)
{
	const struct incident_tenant *a = left, *b = right;

	if (a->machines != b->machines)
		return a->machines > b->machines ? -1 : 1;
	return by_name(left, right);
}

/* One for each machine that is somebody's. Return: how many. */
static size_t list(const struct incident *incident, struct incident_tenant *tenants)
{
	size_t count = 0;

	for (unsigned i = 0; i < incident->machine_count; i++) {
		struct incident_tenant *one = &tenants[count];
		incident_whose_is(incident, &incident->machines[i].ip, &one->tenant, &one->region);
		one->machines = 1;
		count += *one->tenant || *one->region;
	}
	return count;
}

/* Sorted ones that are the same become one. Return: how many are left. */
static size_t merge(struct incident_tenant *tenants, size_t count, unsigned *ret_names)
{
	size_t kept = 0;
	unsigned names = 0;

	for (size_t i = 0; i < count; i++) {
		if (kept && by_name(&tenants[kept - 1], &tenants[i]) == 0) {
			tenants[kept - 1].machines++;
			continue;
		}
		names += *tenants[i].tenant &&
			 (!kept || strcmp(tenants[kept - 1].tenant, tenants[i].tenant) != 0);
		tenants[kept++] = tenants[i];
	}
	*ret_names = names;
	return kept;
}

size_t incident_tenants(const struct incident *incident, struct incident_tenant **ret_tenants,
			unsigned *ret_names)
{
	struct incident_tenant *tenants = NULL;
	size_t count = 0;

	*ret_names = 0;
	if (incident->whose && incident->machine_count)
		tenants = calloc(incident->machine_count, sizeof(*tenants));
	if (tenants) {
		count = list(incident, tenants);
		qsort(tenants, count, sizeof(*tenants), by_name);
		count = merge(tenants, count, ret_names);
		qsort(tenants, count, sizeof(*tenants), by_machines);
	}
	*ret_tenants = tenants;
	return count;
}

static void put_whose(struct jsonw *w, const char *tenant, const char *region)
{
	if (*tenant)
		jsonw_string(w, "tenant", tenant);
	if (*region)
		jsonw_string(w, "region", region);
}

static void tenants_to_json(const struct incident *incident, struct jsonw *w)
{
	struct incident_tenant *tenants;
	unsigned names;
	size_t count = incident_tenants(incident, &tenants, &names);

	if (count)
		jsonw_array(w, "tenants");
	for (size_t i = 0; i < count; i++) {
		jsonw_object(w, NULL);
		put_whose(w, tenants[i].tenant, tenants[i].region);
		jsonw_u64(w, "machines", tenants[i].machines);
		jsonw_object_end(w);
	}
	if (count)
		jsonw_array_end(w);
	free(tenants);
}

void incident_machines_to_json(const struct incident *incident, struct jsonw *w)
{
	tenants_to_json(incident, w);
	jsonw_array(w, "machines");
	for (unsigned i = 0; i < incident->machine_count; i++) {
		const struct finding_machine *machine = &incident->machines[i];
		const char *tenant, *region;
		incident_whose_is(incident, &machine->ip, &tenant, &region);
		jsonw_object(w, NULL);
		jsonw_ip(w, "ip", &machine->ip);
		put_whose(w, tenant, region);
		jsonw_u64(w, "packets", machine->packets);
		jsonw_time(w, "first", machine->first_ns);
		jsonw_time(w, "last", machine->last_ns);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}
