/* SPDX-License-Identifier: Apache-2.0 */
/*
 * story: one attack, over all the subjects that it is seen at.
 *
 * Confirmed subjects in, findings about the whole out. A host is a story of its own until its
 * neighbours join in, then a prefix is; outside sites that the same machines of ours turn upon are
 * one campaign. A pool of fixed size. One thread; allocates at open only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/finding.h"

#define STORY_TARGETS  16
/** Own machines that are told apart in one campaign. */
#define STORY_MACHINES 2048
/** Campaigns whose machines are kept. */
#define STORY_ROLLS    16

/** Machines of one campaign, in order of their addresses. */
struct story_roll {
	uint32_t story; /**< whose; 0: free */
	uint32_t count;
	uint64_t turned_away;
	struct finding_machine machines[STORY_MACHINES];
};

/** One attack. */
struct story {
	uint64_t key; /**< finding.story; 0: the place is free */
	uint8_t kind;
	uint8_t direction;
	uint8_t severity;
	uint8_t proto;
	uint16_t dport;
	char vector[VECTOR_NAME_MAX]; /**< the main one when it was confirmed */
	struct prefix cover;          /**< inbound: what is hit */
	struct prefix targets[STORY_TARGETS];
	unsigned target_count;
	uint32_t lead;    /**< subject whose evidence is told */
	uint32_t roll;    /**< its machines; 0: none */
	uint64_t rise_ns; /**< the earliest of all subjects */
	uint64_t first_ns;
	uint64_t suspect_ns;
	uint64_t confirm_ns;
	uint64_t above_ns;  /**< any subject above its envelope */
	uint64_t period_ns; /**< of pulses; 0: none */
	uint64_t pulse_ns;  /**< begin of the latest */
	uint64_t told_ns;   /**< when its words were made */
	struct finding finding;
	struct tally_detail detail;
};

/** All of them. */
struct stories {
	struct story *at; /**< numbered from 1 */
	struct story_roll *rolls;
	uint32_t max;
	uint64_t next_key;
	uint64_t turned_away;
};

/** stories_open() - room for @max. Return: 0 or -ENOMEM. */
WEIR_CHECK int stories_open(struct stories *stories, size_t max);

/** stories_close() - give the memory back; harmless when repeated. */
void stories_close(struct stories *stories);

/** A story by number. */
static inline struct story *stories_at(const struct stories *stories, uint32_t number)
{
	return &stories->at[number - 1];
}

/** stories_new() - a fresh one; 0 and counted when all are taken. */
uint32_t stories_new(struct stories *stories);

/** stories_end() - forget one, and its machines. */
void stories_end(struct stories *stories, uint32_t number);

/** story_target() - name one more target, unless it is named or there is no room. */
void story_target(struct story *story, const struct prefix *target);

/** stories_machine() - an own machine sent @packets more; takes a roll at first need. */
void stories_machine(struct stories *stories, uint32_t number, const struct ip *ip,
		     uint64_t packets, uint64_t time_ns);

/** stories_has() - does an own machine take part in a campaign that goes on? */
bool stories_has(const struct stories *stories, const struct ip *ip);

/**
 * stories_roll() - the machines of a story, in order of their addresses.
 *
 * Return: how many; 0 and NULL without.
 */
unsigned stories_roll(const struct stories *stories, uint32_t number,
		      const struct finding_machine **ret_machines);
