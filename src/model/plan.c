/* SPDX-License-Identifier: Apache-2.0 */
/* plan: plans and their rules in, JSON and words out. Any thread. */
#include "model/plan.h"

#include <netinet/in.h>

const char *plan_level_name(enum plan_level level)
{
	static const char *const names[LEVEL_COUNT] = {
		[LEVEL_OBSERVE] = "observe",     [LEVEL_RATE_LIMIT] = "rate-limit",
		[LEVEL_DROP] = "drop",           [LEVEL_QUARANTINE] = "quarantine",
		[LEVEL_BLACKHOLE] = "blackhole",
	};

	return names[level];
}

/* A number where it is one, an object with its ends where it is several. */
static void range_to_json(const struct plan_range *range, uint16_t most, struct jsonw *w,
			  const char *key)
{
	if (plan_range_is_any(range, most))
		return;
	if (range->min == range->max) {
		jsonw_u64(w, key, range->min);
		return;
	}
	jsonw_object(w, key);
	jsonw_u64(w, "min", range->min);
	jsonw_u64(w, "max", range->max);
	jsonw_object_end(w);
}

static void flags_to_json(const struct plan_rule *rule, struct jsonw *w)
{
	if (rule->tcp_mask == 0)
		return;
	if (rule->tcp_mask == UINT8_MAX) {
		jsonw_u64(w, "tcp_flags", rule->tcp_flags);
		return;
	}
	jsonw_object(w, "tcp_flags");
	jsonw_u64(w, "value", rule->tcp_flags);
	jsonw_u64(w, "mask", rule->tcp_mask);
	jsonw_object_end(w);
}

static void length_to_json(const struct plan_rule *rule, struct jsonw *w)
{
	if (plan_range_is_any(&rule->length, UINT16_MAX))
		return;
	/* Always an object: so it was before there were other ranges. */
	jsonw_object(w, "length");
	jsonw_u64(w, "min", rule->length.min);
	jsonw_u64(w, "max", rule->length.max);
	jsonw_object_end(w);
}

static void rule_to_json(const struct plan_rule *rule, struct jsonw *w)
{
	jsonw_object(w, NULL);
	if (rule->src.len)
		jsonw_prefix(w, "src", &rule->src);
	if (rule->dst.len)
		jsonw_prefix(w, "dst", &rule->dst);
	if (rule->proto >= 0)
		jsonw_i64(w, "proto", rule->proto);
	range_to_json(&rule->sport, UINT16_MAX, w, "sport");
	range_to_json(&rule->dport, UINT16_MAX, w, "dport");
	flags_to_json(rule, w);
	if (rule->fragment >= 0)
		jsonw_i64(w, "fragment", rule->fragment);
	length_to_json(rule, w);
	range_to_json(&rule->ttl, UINT8_MAX, w, "ttl");
	if (rule->icmp_type >= 0)
		jsonw_i64(w, "icmp_type", rule->icmp_type);
	if (rule->icmp_code >= 0)
		jsonw_i64(w, "icmp_code", rule->icmp_code);
	if (rule->from_set)
		jsonw_bool(w, "from_set", true);
	if (rule->rate_pps)
		jsonw_u64(w, "rate_pps", rule->rate_pps);
	jsonw_object_end(w);
}

static void sources_to_json(const struct ip *sources, size_t count, struct jsonw *w)
{
	if (count == 0)
		return;
	jsonw_array(w, "sources");
	for (size_t i = 0; i < count; i++)
		jsonw_ip(w, NULL, &sources[i]);
	jsonw_array_end(w);
}

void plan_to_json(const struct plan *plan, const struct ip *sources, size_t source_count,
		  struct jsonw *w, const char *key)
{
	jsonw_object(w, key);
	jsonw_string(w, "id", plan->id);
	jsonw_string(w, "incident", plan->incident);
	jsonw_string(w, "level", plan_level_name(plan->level));
	jsonw_string(w, "actuator", plan->actuator);
	jsonw_array(w, "rules");
	for (unsigned i = 0; i < plan->rule_count; i++)
		rule_to_json(&plan->rules[i], w);
	jsonw_array_end(w);
	sources_to_json(sources, source_count, w);
	if (plan->has_forecast) {
		jsonw_object(w, "forecast");
		jsonw_number(w, "attack_share", plan->attack_share);
		jsonw_number(w, "collateral_share", plan->collateral_share);
		jsonw_number(w, "upper", plan->collateral_upper);
		jsonw_object_end(w);
	}
	if (plan->expires_ns)
		jsonw_time(w, "expires", plan->expires_ns);
	jsonw_bool(w, "needs_approval", plan->needs_approval);
	if (plan->would > plan->level)
		jsonw_string(w, "would", plan_level_name(plan->would));
	if (plan->proposed > plan->level)
		jsonw_string(w, "proposed", plan_level_name(plan->proposed));
	if (plan->why[0])
		jsonw_string(w, "why", plan->why);
	jsonw_object_end(w);
}

static void proto_to_text(int proto, struct text *out)
{
	switch (proto) {
	case -1:
		text_add(out, "all traffic");
		break;
	case IPPROTO_ICMP:
		text_add(out, "icmp");
		break;
	case IPPROTO_TCP:
		text_add(out, "tcp");
		break;
	case IPPROTO_UDP:
		text_add(out, "udp");
		break;
	case IPPROTO_GRE:
		text_add(out, "gre");
		break;
	case IPPROTO_ESP:
		text_add(out, "esp");
		break;
	case IPPROTO_ICMPV6:
		text_add(out, "icmpv6");
		break;
	default:
		text_addf(out, "protocol %d", proto);
	}
}

/* " port 53", " ports 1024 to 2047"; @alone: nothing but the port says from where or to where. */
static void ports_to_text(const struct plan_range *range, const char *alone, struct text *out)
{
	if (plan_range_is_any(range, UINT16_MAX))
		return;
	if (range->min == range->max)
		text_addf(out, " %sport %u", alone, range->min);
	else
		text_addf(out, " %sports %u to %u", alone, range->min, range->max);
}

static void range_to_text(const struct plan_range *range, uint16_t most, const char *before,
			  const char *behind, struct text *out)
{
	if (plan_range_is_any(range, most))
		return;
	text_addf(out, ", %s%u", before, range->min);
	if (range->min != range->max)
		text_addf(out, " to %u", range->max);
	text_add(out, behind);
}

static void flags_to_text(const struct plan_rule *rule, struct text *out)
{
	if (rule->tcp_mask == 0)
		return;
	text_addf(out, ", flags 0x%02x", rule->tcp_flags);
	if (rule->tcp_mask != UINT8_MAX)
		text_addf(out, " of 0x%02x", rule->tcp_mask);
}

void plan_rule_to_text(const struct plan_rule *rule, struct text *out)
{
	char name[IP_TEXT_MAX];

	proto_to_text(rule->proto, out);
	if (rule->src.len)
		text_addf(out, " from %s", prefix_format(&rule->src, name));
	ports_to_text(&rule->sport, rule->src.len ? "" : "from ", out);
	if (rule->dst.len)
		text_addf(out, " to %s", prefix_format(&rule->dst, name));
	ports_to_text(&rule->dport, rule->dst.len ? "" : "to ", out);
	flags_to_text(rule, out);
	if (rule->icmp_type >= 0)
		text_addf(out, ", type %d", rule->icmp_type);
	if (rule->icmp_code >= 0)
		text_addf(out, ", code %d", rule->icmp_code);
	if (rule->fragment == PLAN_FRAGMENT_LATER)
		text_add(out, ", fragments without ports");
	else if (rule->fragment == PLAN_FRAGMENT_NONE)
		text_add(out, ", no fragments");
	range_to_text(&rule->length, UINT16_MAX, "", " bytes", out);
	range_to_text(&rule->ttl, UINT8_MAX, "TTL ", "", out);
	if (rule->from_set)
		text_add(out, ", from the sources listed");
	if (rule->rate_pps)
		text_addf(out, ", above %llu packets/s", (unsigned long long)rule->rate_pps);
}
