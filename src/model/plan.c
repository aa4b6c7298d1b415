/* SPDX-License-Identifier: Apache-2.0 */
/* plan: plans, their rules and verdicts in, JSON and words out. Any thread. */
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

static void rule_to_json(const struct plan_rule *rule, struct jsonw *w)
{
	jsonw_object(w, NULL);
	if (rule->src.len)
		jsonw_prefix(w, "src", &rule->src);
	if (rule->dst.len)
		jsonw_prefix(w, "dst", &rule->dst);
	if (rule->proto >= 0)
		jsonw_i64(w, "proto", rule->proto);
	if (rule->sport >= 0)
		jsonw_i64(w, "sport", rule->sport);
	if (rule->dport >= 0)
		jsonw_i64(w, "dport", rule->dport);
	if (rule->tcp_flags >= 0)
		jsonw_i64(w, "tcp_flags", rule->tcp_flags);
	if (rule->fragment >= 0)
		jsonw_i64(w, "fragment", rule->fragment);
	if (rule->length_max) {
		jsonw_object(w, "length");
		jsonw_u64(w, "min", rule->length_min);
		jsonw_u64(w, "max", rule->length_max);
		jsonw_object_end(w);
	}
	jsonw_object_end(w);
}

void plan_to_json(const struct plan *plan, struct jsonw *w, const char *key)
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

void plan_rule_to_text(const struct plan_rule *rule, struct text *out)
{
	char name[IP_TEXT_MAX];

	proto_to_text(rule->proto, out);
	if (rule->src.len)
		text_addf(out, " from %s", prefix_format(&rule->src, name));
	if (rule->sport >= 0)
		text_addf(out, " %sport %d", rule->src.len ? "" : "from ", rule->sport);
	if (rule->dst.len)
		text_addf(out, " to %s", prefix_format(&rule->dst, name));
	if (rule->dport >= 0)
		text_addf(out, " %sport %d", rule->dst.len ? "" : "to ", rule->dport);
	if (rule->tcp_flags >= 0)
		text_addf(out, ", flags 0x%02x", (unsigned)rule->tcp_flags);
	if (rule->fragment >= 0)
		text_add(out, ", fragments without ports");
	if (rule->length_max)
		text_addf(out, ", %u to %u bytes", rule->length_min, rule->length_max);
}

void verdict_to_json(const struct verdict *verdict, struct jsonw *w, const char *key)
{
	jsonw_object(w, key);
	jsonw_string(w, "plan", verdict->plan);
	jsonw_bool(w, "arriving", verdict->arriving);
	jsonw_u64(w, "pps_before", verdict->pps_before);
	jsonw_u64(w, "pps_now", verdict->pps_now);
	jsonw_time(w, "time", verdict->at_ns);
	jsonw_object_end(w);
}
