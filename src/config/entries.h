/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entries: what the rows of the schema point to.
 *
 * The words of the model's enums, and what an entry of a list needs beside its
 * single values. Inside the config room only.
 */
#pragma once

#include "config/schema.h"

/** Ways a limit can look at: there are no hosts of ours in transit. */
extern const struct words words_direction;
/** Kinds of traffic. */
extern const struct words words_class;
/** Severities that a limit can have; info is for what no limit says. */
extern const struct words words_severity;

/** Ways to take packets from an interface. */
extern const struct words words_capture;

/** Formats of flow logs. */
extern const struct words words_flowlog;

/** Where XDP programs run. */
extern const struct words words_attach;

/** Levels of the ladder. */
extern const struct words words_level;

/** policy_finish() - see schema.finish. */
void policy_finish(struct reader *reader, const struct node *map, void *entry);

/** actuator_finish() - see schema.finish. */
void actuator_finish(struct reader *reader, const struct node *map, void *entry);
/** actuators_differ() - see schema_key.differs. */
bool actuators_differ(const struct config *before, const struct config *after);

/** actuators_explain() - see schema_key.explain. */
void actuators_explain(const struct config *before, const struct config *after, struct text *out);
/** actuators_check() - names that are there twice, kinds this program lacks, canaries. */
void actuators_check(struct reader *reader);

/** network_finish() - see schema.finish. */
void network_finish(struct reader *reader, const struct node *map, void *entry);
/** threshold_finish() - see schema.finish. */
void threshold_finish(struct reader *reader, const struct node *map, void *entry);
/** interface_finish() - see schema.finish. */
void interface_finish(struct reader *reader, const struct node *map, void *entry);
/** cpus_differ() - see schema_key.differs. */
bool cpus_differ(const struct config *before, const struct config *after);

/** interfaces_differ() - see schema_key.differs. */
bool interfaces_differ(const struct config *before, const struct config *after);
/** flowlogs_differ() - see schema_key.differs. */
bool flowlogs_differ(const struct config *before, const struct config *after);
/** listens_differ() - see schema_key.differs. */
bool listens_differ(const struct config *before, const struct config *after);
