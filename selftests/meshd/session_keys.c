// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "session_sim.h"

#include "meshd/base/secret.h"
#include "meshd/session/key_secret.h"

#define SEEDS	500

static struct keys_sim sim;

TEST(session, cipher)
{
	static const struct {
		struct keys_wish a, b;
		uint32_t cipher;
	} cases[] = {
		{ { 1, 500, 2000 }, { 1, 500, 2000 }, 2 },
		{ { 1, 500, 2000 }, { 1, 300, 90 }, 1 },
		{ { 1, 500, 2000 }, { 1, 300, 301 }, 2 },
		{ { 1, 500, 0 }, { 1, 100, 2000 }, 1 },
		{ { 1, 0, 2000 }, { 1, 100, 2000 }, 2 },
		{ { 1, 0, 2000 }, { 1, 100, 0 }, 0 },
		{ { 1, 0, 0 }, { 1, 0, 0 }, 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		point(keys_cipher(&cases[i].a, &cases[i].b) == cases[i].cipher &&
		      keys_cipher(&cases[i].b, &cases[i].a) == cases[i].cipher,
		      "cipher of pair %zu", i);
	}
}

TEST(session, secret)
{
	uint8_t exporter[32] = "e", psk[32] = "p", chain[32] = "c";
	uint8_t a[32], b[32], pub_a[32], pub_b[32], zero[32] = {0};
	struct key_secret one, two;
	struct key_secret_of of = {
		.lower = 1, .higher = 2, .exporter = exporter,
		.lower_exchange = pub_a, .higher_exchange = pub_b,
		.cipher = 1, .lanes = 1,
	};

	key_exchange_begin(a, pub_a);
	key_exchange_begin(b, pub_b);
	point(key_secret_make(&of, a, pub_b, &one) &&
	      key_secret_make(&of, b, pub_a, &two) &&
	      !memcmp(&one, &two, sizeof(one)), "both ends, one secret");
	point(memcmp(one.kernel, one.chain, 32), "the chain is another");
	of.psk = psk;
	key_secret_make(&of, a, pub_b, &two);
	point(memcmp(&one, &two, 32), "the PSK counts");
	of.psk = NULL;
	of.previous = chain;
	key_secret_make(&of, a, pub_b, &two);
	point(memcmp(&one, &two, 32), "the previous one counts");
	of.previous = NULL;
	of.lanes = 2;
	key_secret_make(&of, a, pub_b, &two);
	point(memcmp(&one, &two, 32), "the lanes count");
	of.lanes = 1;
	exporter[9] = 1;
	key_secret_make(&of, a, pub_b, &two);
	point(memcmp(&one, &two, 32), "the connection counts");
	point(!key_secret_make(&of, a, zero, &two), "no point to agree on");
}

TEST(session, first)
{
	const struct keys_sim_key *key;
	struct keys_status status;

	keys_sim_start(&sim, 1, KEYS_INTERVAL);
	keys_sim_connect(&sim);
	keys_sim_run(&sim, sim.now + SECOND);
	point(keys_sim_works(&sim) && !sim.bad, "keys within a second");
	key = keys_sim_transmits(&sim.node[0]);
	point(key && key->cipher == MESHLAN_CIPHER_CHACHA20_POLY1305,
	      "the cipher for the slower one");
	point(key && key->lanes == 3, "the lesser wish of lanes");
	point(sim.node[0].news == 1 && sim.node[1].news == 1, "one key only");
	keys_status(sim.node[1].keys, &status);
	point(status.transmits && status.made == 1 && status.lanes == 3 &&
	      status.since && !status.error, "status");
	keys_sim_run(&sim, sim.now + 10 * MINUTE);
	point(sim.node[0].ready >= 5 && sim.node[0].ready <= 7 &&
	      sim.node[1].ready == sim.node[0].ready && keys_sim_works(&sim),
	      "%u keys in ten minutes", sim.node[0].ready);
	keys_sim_stop(&sim);
}

TEST(session, each_second)
{
	keys_sim_start(&sim, 2, SECOND);
	keys_sim_connect(&sim);
	keys_sim_run(&sim, sim.now + 60 * SECOND);
	point(sim.node[0].ready >= 55 && sim.node[0].ready <= 68 &&
	      keys_sim_works(&sim) && !sim.bad, "a key each second: %u in 60 s",
	      sim.node[0].ready);
	keys_sim_stop(&sim);
}

TEST(session, connection_replaced)
{
	unsigned int ready;

	keys_sim_start(&sim, 3, KEYS_INTERVAL);
	keys_sim_connect(&sim);
	keys_sim_run(&sim, sim.now + SECOND);
	ready = sim.node[0].ready;
	for (int i = 0; i < 20; i++) {
		keys_sim_connect(&sim);
		keys_sim_run(&sim, sim.now + SECOND);
	}
	point(sim.node[0].ready == ready && keys_sim_works(&sim),
	      "another connection needs no other keys");
	keys_sim_disconnect(&sim);
	keys_sim_run(&sim, sim.now + 3 * MINUTE);
	point(keys_sim_works(&sim) && keys_next(sim.node[0].keys) == NEVER &&
	      keys_lack_connection(sim.node[0].keys, sim.now),
	      "old keys serve on while there is none");
	keys_sim_connect(&sim);
	keys_sim_run(&sim, sim.now + SECOND);
	point(sim.node[0].ready == ready + 1, "what was due is done at once");
	keys_sim_stop(&sim);
}

TEST(session, done_lost)
{
	const struct keys_sim_key *key;

	keys_sim_start(&sim, 4, KEYS_INTERVAL);
	keys_sim_connect(&sim);
	keys_sim_run(&sim, sim.now + SECOND);
	sim.drop_done = true;
	keys_rekey(sim.node[0].keys, sim.now);
	keys_sim_run(&sim, sim.now + SECOND);
	key = keys_sim_transmits(&sim.node[0]);
	point(keys_sim_works(&sim) &&
	      key->peer_index != keys_sim_transmits(&sim.node[1])->index,
	      "the higher one stays with the old key");
	sim.drop_done = false;
	keys_sim_connect(&sim);
	keys_sim_run(&sim, sim.now + SECOND);
	key = keys_sim_transmits(&sim.node[0]);
	point(key->peer_index == keys_sim_transmits(&sim.node[1])->index,
	      "the next connection tells");
	point_number("without another key", sim.node[0].news, 2);
	keys_sim_stop(&sim);
}

TEST(session, events)
{
	static const struct {
		uint32_t event;
		const char *name;
	} events[] = {
		{ MESHLAN_EVENT_KEY_SOFT, "soft limit" },
		{ MESHLAN_EVENT_KEY_HARD, "hard limit" },
	};
	unsigned int ready;

	keys_sim_start(&sim, 5, HOUR);
	keys_sim_connect(&sim);
	keys_sim_run(&sim, sim.now + SECOND);
	for (unsigned int i = 0; i < 4; i++) {
		ready = sim.node[0].ready;
		keys_sim_tell(&sim, i % 2, events[i / 2].event);
		keys_sim_run(&sim, sim.now + SECOND);
		point(sim.node[0].ready == ready + 1 &&
		      sim.node[1].ready == ready + 1,
		      "%s of the %s one", events[i / 2].name,
		      i % 2 ? "higher" : "lower");
	}
	for (unsigned int i = 0; i < 2; i++) {
		keys_sim_wipe(&sim, i);
		keys_sim_run(&sim, sim.now + SECOND);
		point(keys_sim_works(&sim), "keys of the %s one were lost",
		      i ? "higher" : "lower");
	}
	for (unsigned int i = 0; i < 2; i++) {
		ready = sim.node[0].ready;
		keys_sim_restart(&sim, i);
		keys_sim_run(&sim, sim.now + 3 * SECOND);
		point(keys_sim_works(&sim) && !sim.bad && sim.node[0].ready > ready,
		      "restart of the %s one", i ? "higher" : "lower");
	}
	keys_sim_stop(&sim);
}

/* As when the session is not there yet. */
TEST(session, refusals)
{
	struct keys_status status;

	for (unsigned int i = 0; i < 2; i++) {
		unsigned int tries;

		keys_sim_start(&sim, 8, HOUR);
		keys_sim_connect(&sim);
		sim.node[i].refuses = true;
		keys_sim_run(&sim, sim.now + MINUTE);
		tries = sim.node[i].trouble;
		keys_status(sim.node[i].keys, &status);
		point(tries >= 6 && tries <= 40 && status.error &&
		      !status.transmits, "refused by the kernel: %u tries",
		      tries);
		sim.node[i].refuses = false;
		keys_rekey(sim.node[i].keys, sim.now);
		keys_sim_run(&sim, sim.now + SECOND);
		point(keys_sim_works(&sim), "and at once when told to");
		keys_sim_stop(&sim);
	}
}

/* Each of these comes on the right connection and makes no sense. */
TEST(session, nonsense)
{
	struct message message = { .type = MESSAGE_KEY_OFFER };
	uint8_t tag[KEYS_TAG_SIZE];
	struct keys *lower, *higher;

	keys_sim_start(&sim, 6, HOUR);
	keys_sim_connect(&sim);
	keys_sim_run(&sim, sim.now + SECOND);
	memcpy(tag, &sim.node[0].connection, sizeof(tag));
	lower = sim.node[0].keys;
	higher = sim.node[1].keys;
	message.key.index = 0x10;
	message.key.lanes = 1;
	point(!keys_message(lower, tag, &message, sim.now),
	      "the lower one is offered a key");
	message.key.index = 0;
	point(!keys_message(higher, tag, &message, sim.now),
	      "the higher one is asked for a key");
	message.key.index = 0x11;
	point(!keys_message(higher, tag, &message, sim.now),
	      "an index with a lane");
	message.key.index = 0x10;
	message.key.lanes = 17;
	point(!keys_message(higher, tag, &message, sim.now),
	      "too many lanes");
	message.type = MESSAGE_KEY_ANSWER;
	point(!keys_message(higher, tag, &message, sim.now),
	      "the higher one is answered");
	point(keys_message(lower, tag, &message, sim.now),
	      "an answer to nothing is only late");
	message.type = MESSAGE_KEY_DONE;
	point(!keys_message(lower, tag, &message, sim.now),
	      "the lower one hears done");
	message.type = MESSAGE_HELLO;
	point(!keys_message(lower, tag, &message, sim.now), "a hello");
	keys_sim_run(&sim, sim.now + MINUTE);
	point(keys_sim_works(&sim) && !sim.bad && sim.node[0].news == 1,
	      "all of it changed nothing");
	keys_sim_stop(&sim);
}

/* What it may cost when the other node asks and offers without end. */
TEST(session, flood)
{
	struct message ask = { .type = MESSAGE_KEY_OFFER }, offer = ask;
	unsigned int news[2];

	keys_sim_start(&sim, 7, HOUR);
	keys_sim_connect(&sim);
	keys_sim_run(&sim, sim.now + SECOND);
	news[0] = sim.node[0].news;
	news[1] = sim.node[1].news;
	offer.key = (struct message_key){ .index = 0x50, .lanes = 1,
					  .cipher = 1 };
	for (unsigned int i = 0; i < 5000; i++) {
		offer.key.generation = 100 + i;
		memcpy(offer.key.exchange, &i, sizeof(i));
		offer.key.exchange[31] = 1;
		keys_sim_deliver(&sim, 1, &offer);
		keys_sim_deliver(&sim, 0, &ask);
		keys_sim_run(&sim, sim.now + MILLISECOND);
	}
	point(sim.node[0].news - news[0] <= 60, "5 s of asking: %u keys",
	      sim.node[0].news - news[0]);
	point(sim.node[1].news - news[1] <= 120, "5 s of offers: %u keys",
	      sim.node[1].news - news[1]);
	keys_sim_connect(&sim);
	keys_sim_tell(&sim, 0, MESHLAN_EVENT_KEY_SOFT);
	keys_sim_run(&sim, sim.now + 20 * SECOND);
	point(keys_sim_transmits(&sim.node[0])->peer_index ==
	      keys_sim_transmits(&sim.node[1])->index, "and then it works");
	keys_sim_stop(&sim);
}

/* --- anything, at any time ----------------------------------------------- */

static void something(void)
{
	unsigned int node = keys_sim_random(&sim, 2);

	switch (keys_sim_random(&sim, 9)) {
	case 0:
		keys_sim_disconnect(&sim);
		return;
	case 1:
	case 2:
		keys_sim_connect(&sim);
		return;
	case 3:
		keys_sim_restart(&sim, node);
		return;
	case 4:
		keys_sim_tell(&sim, node, MESHLAN_EVENT_KEY_SOFT);
		return;
	case 5:
		if (!keys_sim_random(&sim, 4))
			keys_sim_wipe(&sim, node);
		return;
	case 6:
		keys_sim_tell(&sim, node, MESHLAN_EVENT_KEY_LOST);	/* late news */
		return;
	default:
		keys_rekey(sim.node[node].keys, sim.now);
	}
}

static bool survives(uint64_t seed)
{
	unsigned int ready;

	keys_sim_start(&sim, seed, 200 * MILLISECOND +
		  seed % 7 * 300 * MILLISECOND);
	sim.refuse = seed % 3 ? 0 : 15;
	sim.repeat = seed % 5 ? 0 : 20;
	sim.kernel_delay = seed % 2 ? 30 * MILLISECOND : 300 * MICROSECOND;
	keys_sim_connect(&sim);
	for (int i = 0; i < 60 && !sim.bad; i++) {
		keys_sim_run(&sim, sim.now + keys_sim_random(&sim, 60 * MILLISECOND));
		something();
	}
	sim.refuse = 0;
	keys_sim_connect(&sim);
	keys_sim_run(&sim, sim.now + 25 * SECOND);
	if (!sim.bad && !keys_sim_works(&sim))
		sim.bad = "no working keys in the end";
	ready = sim.node[1].ready;
	keys_sim_run(&sim, sim.now + 10 * SECOND);
	if (!sim.bad && sim.node[1].ready < ready + 3)
		sim.bad = "no new keys in the end";
	keys_sim_stop(&sim);
	return !sim.bad;
}

TEST(session, chaos)
{
	unsigned int bad = 0;

	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		if (survives(seed))
			continue;
		if (bad++ < 5)
			printf("seed %" PRIu64 ": %s\n", seed, sim.bad);
	}
	point(!bad, "%u lives of a session, %u bad", SEEDS, bad);
}
