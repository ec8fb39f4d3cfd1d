// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */

/*
 * Packets into an endpoint that has a connection coming up. The input is a
 * row of steps: one byte what, one byte how much, then the bytes.
 */
#include "../meshd/channel_net.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct {
	uint8_t packet[1500];
	size_t len;
	uint64_t to_stranger, from_stranger;
} seen;

static bool watch(struct net *net, const struct node *from,
		  const struct node *to, const uint8_t *packet, size_t len)
{
	if (to == &net->node[2])
		seen.to_stranger += len;
	if (from == &net->node[2])
		seen.from_stranger += len;
	if (from == &net->node[0]) {
		memcpy(seen.packet, packet, len);
		seen.len = len;
	}
	return true;
}

/* What a step's bytes make of the last packet that A sent. */
static void inject_changed(struct net *net, const uint8_t *data, size_t len)
{
	uint8_t packet[sizeof(seen.packet)];

	if (!seen.len)
		return;
	memcpy(packet, seen.packet, seen.len);
	for (size_t i = 0; i + 1 < len; i += 2)
		packet[data[i] * seen.len / 256] ^= data[i + 1];
	net_inject(net, &net->node[0].addr, &net->node[1], packet, seen.len);
}

static void inject_strange(struct net *net, const uint8_t *data, size_t len)
{
	seen.from_stranger += len;
	net_inject(net, &net->node[2].addr, &net->node[1], data, len);
}

static void step_with(struct net *net, uint8_t what, const uint8_t *data,
		      size_t len)
{
	uint8_t packet[1200] = {0};

	switch (what % 5) {
	case 0:
		inject_strange(net, data, len);
		break;
	case 1:
		memcpy(packet, data, len);
		inject_strange(net, packet, sizeof(packet));
		break;
	case 2:
		net_inject(net, &net->node[0].addr, &net->node[1], data, len);
		break;
	case 3:
		inject_changed(net, data, len);
		break;
	default:
		net_run(net, (uint64_t)len * MILLISECOND);
		break;
	}
}

static void steps(struct net *net, const uint8_t *data, size_t len)
{
	while (len > 2) {
		size_t part = data[1] < len - 2 ? data[1] : len - 2;

		step_with(net, data[0], data + 2, part);
		data += 2 + part;
		len -= 2 + part;
	}
	net_run(net, 20 * SECOND);
	/* Nobody else is sent more than came in its name. */
	if (seen.to_stranger > seen.from_stranger)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct tls_credentials *credentials;
	static struct test_ca ca;
	struct net net;

	if (!credentials) {
		test_ca_make(&ca, "the network");
		credentials = test_credentials(&ca, "x");
	}
	memset(&seen, 0, sizeof(seen));
	net_start(&net);
	net.pass = watch;
	net_add(&net, "192.0.2.1", &ca, tls_credentials_get(credentials));
	net_add(&net, "198.51.100.1", &ca, tls_credentials_get(credentials));
	net_add(&net, "203.0.113.1", &ca, tls_credentials_new(NULL, NULL));
	net_dial(&net.node[0], &net.node[1], ALPN_MESH);
	steps(&net, data, len);
	if (net.no_fixed_bit)
		abort();
	net_stop(&net);
	return 0;
}
