/* SPDX-License-Identifier: Apache-2.0 */
/* incident_text: an incident in, the parts of its story in words out. Pure; see event_text.c. */
#pragma once

#include <stdbool.h>

#include "base/text.h"
#include "model/incident.h"

/** incident_say_subject() - "carpet attack on 198.18.0.0/20 (acme, tokyo)", as a sentence begins. */
void incident_say_subject(const struct incident *incident, struct text *out);

/** incident_say_why() - the numbers, and below them the reasons, one a line. */
void incident_say_why(const struct incident *incident, const char *before, struct text *out);

/** incident_say_stages() - how it was found, step by step; nothing if that was not told. */
void incident_say_stages(const struct incident *incident, struct text *out);

/** incident_say_targets() - all that it hits, unless that is its host alone. */
void incident_say_targets(const struct incident *incident, struct text *out);

/** incident_say_machines() - how many, of whom; with @list the heaviest of them too. */
void incident_say_machines(const struct incident *incident, bool list, struct text *out);

/** incident_machine_count() - own hosts that take part; 0: not told. */
uint64_t incident_machine_count(const struct incident *incident);
