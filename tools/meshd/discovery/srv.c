// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "base/secret.h"
#include "discovery/resolve.h"

struct service {
	uint16_t priority, weight;
	uint64_t chance;
	const ldns_rr *rr;
};

/*
 * Within a priority the weights are chances. That of one without weight is
 * small, but not none.
 */
static uint64_t draw(uint16_t weight)
{
	uint64_t best = 0;

	for (unsigned int i = 0; i <= weight / 8u && i < 256; i++) {
		uint64_t value = random_below(UINT32_MAX);

		best = value > best ? value : best;
	}
	return best;
}

static int compare(const void *a, const void *b)
{
	const struct service *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return x->chance > y->chance ? -1 : x->chance < y->chance;
}

static bool write_target(const ldns_rr *rr, struct srv_target *target)
{
	char *name = ldns_rdf2str(ldns_rr_rdf(rr, 3));
	size_t len = name ? strlen(name) : 0;
	bool good;

	/* "." says that there is none. */
	while (len && name[len - 1] == '.')
		name[--len] = 0;
	good = len && len < sizeof(target->host);
	if (good) {
		memcpy(target->host, name, len + 1);
		target->port = ldns_rdf2native_int16(ldns_rr_rdf(rr, 2));
	}
	free(name);
	return good && target->port;
}

static bool read_service(const ldns_rr *rr, struct service *service)
{
	if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_SRV || ldns_rr_rd_count(rr) < 4)
		return false;
	service->priority = ldns_rdf2native_int16(ldns_rr_rdf(rr, 0));
	service->weight = ldns_rdf2native_int16(ldns_rr_rdf(rr, 1));
	service->chance = draw(service->weight);
	service->rr = rr;
	return true;
}

unsigned int srv_parse(const uint8_t *answer, size_t len,
		       struct srv_target *target, unsigned int max)
{
	struct service service[64];
	unsigned int count = 0, found = 0;
	ldns_pkt *packet = NULL;
	const ldns_rr_list *list;

	if (ldns_wire2pkt(&packet, answer, len) != LDNS_STATUS_OK)
		return 0;
	list = ldns_pkt_answer(packet);
	for (size_t i = 0; i < ldns_rr_list_rr_count(list) && count < 64; i++)
		count += read_service(ldns_rr_list_rr(list, i),
				      &service[count]);
	qsort(service, count, sizeof(*service), compare);
	for (unsigned int i = 0; i < count && found < max; i++)
		found += write_target(service[i].rr, &target[found]);
	ldns_pkt_free(packet);
	return found;
}
