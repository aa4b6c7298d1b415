/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch: the hosts that the detector looks at closely, each direction apart.
 *
 * A watch keeps a lane for each vantage and traffic class: a window of what
 * came tick by tick, and a trail once something was reported afterwards. What
 * several vantages saw may be the same packets: the largest counts. Pools of
 * fixed size, all taken at open; the lightest watch that is not open makes room
 * for a heavier one. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "detect/threshold/glance.h"
#include "detect/threshold/limits.h"
#include "detect/pool.h"
#include "detect/threshold/trail.h"
#include "detect/threshold/window.h"

/** Vantages told apart for one host; lighter ones make room for heavier ones. */
#define WATCH_VIEWS    4
/** Vantages of exporters that see different packets carry this bit: they add up, as one. */
#define WATCH_DISJOINT (1U << 31)

/** The peers of a host, fading out. */
struct watch_detail {
	struct tally_detail detail;
	uint64_t faded_bin;       /**< when counts were halved last */
	uint64_t distinct_before; /**< peers counted until then */
};

/** What one vantage saw of one class. */
struct lane {
	uint32_t vantage;
	uint32_t next;  /**< of the same watch, in the pool; 0: none */
	uint32_t trail; /**< in the pool; 0: none */
	uint8_t class;  /**< enum traffic_class */
	struct window window;
};

/** One vantage of a watch. */
struct view {
	uint32_t vantage;
	float weight; /**< load of about the last minute */
};

/** What the trails showed when they were last looked through. */
struct excess {
	bool said; /**< there is something to say */
	struct verdict verdict;
	struct sums sums;  /**< of the window that is the worst */
	uint64_t onset_ns; /**< of the excess in it */
	unsigned vantages; /**< that saw it */
};

/** One host and direction. */
struct watch {
	struct ip host;
	uint32_t glance;   /**< in the table of glances */
	uint32_t lanes;    /**< the first, in the pool; 0: none */
	uint32_t detail;   /**< in the pool; 0: none */
	uint8_t direction; /**< enum direction */
	uint8_t view_count;
	bool used;
	bool listed;                    /**< waits to be judged at the tick's end */
	bool open;                      /**< above a limit, or was and is not yet far below */
	bool fresh;                     /**< open since this tick */
	bool past;                      /**< its lanes have trails */
	uint64_t bin;                   /**< number of the newest bin of the windows */
	uint64_t second;                /**< the newest of the trails */
	uint64_t first_ns[WINDOW_BINS]; /**< end of the first tick in each bin; 0: none */
	uint64_t held;                  /**< rules exceeded since it is open */
	uint64_t onset_ns;              /**< since it is open */
	uint64_t told_s;                /**< what ended before this second has been told of */
	uint64_t past_s;                /**< when something was last reported afterwards */
	uint64_t scanned_s;             /**< when the trails were last looked through */
	float weight;                   /**< load of about a window */
	float peak;  /**< largest load of a window in the trails when they were */
	float since; /**< load added since */
	struct view views[WATCH_VIEWS];
	struct view rival;    /**< a vantage that has no view yet */
	struct excess excess; /**< what was found in the trails */
};

/** What the tables cannot hold is counted. */
struct watches_stats {
	uint64_t turned_away;         /**< rows of heavy hosts that found no watch or lane */
	uint64_t details_turned_away; /**< details that found no room */
	uint64_t trails_turned_away;  /**< rows that found no trail */
	uint64_t replaced;            /**< watches that made room for heavier ones */
	uint64_t views_replaced;      /**< vantages that did */
};

/** The pools. */
struct watches {
	struct glances *glances;
	struct pool pool;
	struct pool lanes;
	struct pool trails;
	struct pool details;
	struct watches_stats stats;
	uint64_t bin_ns;
	float bar;          /**< no watch as light as this was found to make room in this tick */
	uint32_t candidate; /**< where the next search for one goes on */
	uint32_t cursor;    /**< where the next sweep goes on */
};

/** watches_open() - room for @max watches and @max_details; @glances stays borrowed. */
WEIR_CHECK int watches_open(struct watches *watches, struct glances *glances, size_t max,
			    size_t max_details);

/** watches_close() - give the memory back; harmless when repeated. */
void watches_close(struct watches *watches);

/** The watch of a glance; NULL if it has none. */
static inline struct watch *watches_of(const struct watches *watches, const struct glance *glance)
{
	return glance->watch ? pool_at(&watches->pool, glance->watch) : NULL;
}

/** watches_add() - begin to watch a host of that load; NULL if heavier ones fill the table. */
struct watch *watches_add(struct watches *watches, struct glance *glance, float load,
			  uint64_t tick_ns);

/** watches_place() - a place of a pool for @watch, if need be of a lighter watch; 0: none. */
uint32_t watches_place(struct watches *watches, struct pool *pool, const struct watch *watch);

/** watches_free_lane() - take the lane that *@link leads to out of its list. */
void watches_free_lane(struct watches *watches, uint32_t *link);

/** watches_slide() - bring a watch up to the bin and the second that @now_ns is in. */
void watches_slide(struct watches *watches, struct watch *watch, uint64_t now_ns);

/** watches_detail_of() - a watch's detail, a new one if it has none; NULL when all are in use. */
struct watch_detail *watches_detail_of(struct watches *watches, struct watch *watch);

/** The watch's detail; NULL if it has none. */
static inline struct watch_detail *watches_detail(const struct watches *watches,
						  const struct watch *watch)
{
	return watch->detail ? pool_at(&watches->details, watch->detail) : NULL;
}

/** The first lane, and the one after @lane; NULL at the end. */
static inline const struct lane *watches_lane(const struct watches *watches, uint32_t place)
{
	return place ? pool_at(&watches->lanes, place) : NULL;
}

/** The trail of a lane; NULL if it has none. */
static inline struct trail *watches_trail(const struct watches *watches, const struct lane *lane)
{
	return lane->trail ? pool_at(&watches->trails, lane->trail) : NULL;
}

/** watches_forget_windows() - the length of the window has changed. */
void watches_forget_windows(struct watches *watches, uint64_t bin_ns);

/** watches_sweep() - look at @budget places and free watches and details without recent traffic. */
void watches_sweep(struct watches *watches, uint64_t now_ns, size_t budget);
