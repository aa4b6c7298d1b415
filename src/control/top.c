/* SPDX-License-Identifier: Apache-2.0 */
/* top: totals and the rows nearest to their envelopes in, the text of GET /api/v1/top out. */
#include "base/jsonw.h"
#include "control/status.h"
#include "model/finding.h"
#include "model/flow.h"

/* Whole numbers are what people compare; a negative rate is a rounding error. */
static uint64_t whole(double value)
{
	return value > 0 ? (uint64_t)(value + 0.5) : 0;
}

static double hundredths(double value)
{
	return (double)(int64_t)(value * 100 + (value < 0 ? -0.5 : 0.5)) / 100;
}

static void put_target(struct jsonw *w, const struct status_row *row)
{
	if (row->what.len == 128)
		jsonw_ip(w, "target", &row->what.ip);
	else
		jsonw_prefix(w, "target", &row->what);
	jsonw_string(w, "kind",
		     row->outside           ? "outside"
		     : row->what.len == 128 ? "host"
					    : "prefix");
	jsonw_string(w, "direction", direction_name(row->direction));
}

static void put_row(struct jsonw *w, const struct status_row *row)
{
	jsonw_object(w, NULL);
	put_target(w, row);
	jsonw_string(w, "class", row->class);
	jsonw_u64(w, "pps", whole(row->pps));
	jsonw_u64(w, "bps", whole(row->bps));
	jsonw_u64(w, "usual_pps", whole(row->usual_pps));
	jsonw_u64(w, "usual_bps", whole(row->usual_bps));
	jsonw_u64(w, "envelope_pps", whole(row->envelope_pps));
	if (row->envelope_bps > 0)
		jsonw_u64(w, "envelope_bps", whole(row->envelope_bps));
	jsonw_number(w, "times", hundredths(row->times));
	jsonw_string(w, "state", row->state);
	jsonw_number(w, "alarm", hundredths(row->alarm));
	jsonw_number(w, "nats", hundredths(row->nats));
	jsonw_string(w, "detector", row->detector);
	jsonw_object_end(w);
}

static void put_load(struct jsonw *w, const char *key, const struct status_load *load)
{
	jsonw_object(w, key);
	jsonw_u64(w, "pps", load->pps);
	jsonw_u64(w, "bps", load->bps);
	jsonw_object_end(w);
}

/* Faults are listed with the worst first. */
static void put_faults(struct jsonw *w, const struct status_view *view)
{
	unsigned worst = view->fault_count ? view->faults[0]->severity : SEVERITY_INFO;
	uint64_t of_worst = 0;

	for (size_t i = 0; i < view->fault_count; i++)
		of_worst += view->faults[i]->severity == worst;
	jsonw_object(w, "faults");
	jsonw_u64(w, "open", view->fault_count);
	if (view->fault_count) {
		jsonw_string(w, "worst", severity_name(worst));
		jsonw_u64(w, "of_worst", of_worst);
	}
	jsonw_object_end(w);
}

void top_to_json(const struct status_view *view, struct text *out)
{
	struct jsonw w = jsonw_on(out);

	jsonw_object(&w, NULL);
	jsonw_time(&w, "time", view->now_ns);
	jsonw_u64(&w, "window_s", view->top.window_s);
	put_load(&w, "in", &view->top.in);
	put_load(&w, "out", &view->top.out);
	jsonw_u64(&w, "incidents_open", view->incidents_open);
	put_faults(&w, view);
	jsonw_array(&w, "rows");
	for (size_t i = 0; i < view->row_count; i++)
		put_row(&w, &view->rows[i]);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
}
