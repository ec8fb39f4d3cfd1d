// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "session_sim.h"

#include <errno.h>

#define RECEIVING_MAX	4
#define PENDING_MAX	4
#define RETIRE		(30 * SECOND)

uint64_t keys_sim_random(struct keys_sim *sim, uint64_t below)
{
	/* xorshift64*, so that a seed tells the whole story. */
	sim->seed ^= sim->seed >> 12;
	sim->seed ^= sim->seed << 25;
	sim->seed ^= sim->seed >> 27;
	return (sim->seed * UINT64_C(2685821657736338717) >> 11) % below;
}

static struct keys_sim_thing *add(struct keys_sim *sim, enum keys_sim_what what,
			     unsigned int node, uint64_t at)
{
	struct keys_sim_thing *thing = &sim->thing[sim->things];

	if (sim->things == sizeof(sim->thing) / sizeof(*sim->thing)) {
		sim->bad = "too much under way";
		return thing - 1;
	}
	sim->things++;
	memset(thing, 0, sizeof(*thing));
	thing->at = at;
	thing->order = sim->order++;
	thing->what = what;
	thing->node = node;
	thing->life = sim->node[node].life;
	return thing;
}

/* --- the kernel ---------------------------------------------------------- */

static struct keys_sim_key *kernel_key(struct keys_sim_node *node, uint32_t index)
{
	for (unsigned int i = 0; i < node->key_count; i++) {
		if (node->key[i].index == index)
			return &node->key[i];
	}
	return NULL;
}

const struct keys_sim_key *keys_sim_transmits(const struct keys_sim_node *node)
{
	for (unsigned int i = 0; i < node->key_count; i++) {
		if (node->key[i].state == MESHLAN_KEY_STATE_TRANSMIT)
			return &node->key[i];
	}
	return NULL;
}

static void kernel_del(struct keys_sim_node *node, struct keys_sim_key *key)
{
	struct keys_sim_key *end = &node->key[--node->key_count];

	memmove(key, key + 1, (end - key) * sizeof(*key));
}

static void kernel_add(struct keys_sim_node *node, const struct keys_sim_key *key)
{
	memmove(node->key + 1, node->key, node->key_count * sizeof(*key));
	node->key[0] = *key;
	node->key_count++;
}

/* The oldest of a kind goes if there are @max of it. */
static void kernel_limit(struct keys_sim_node *node, bool pending, unsigned int max)
{
	struct keys_sim_key *oldest = NULL;
	unsigned int count = 0;

	for (unsigned int i = 0; i < node->key_count; i++) {
		struct keys_sim_key *key = &node->key[i];

		if ((key->state == MESHLAN_KEY_STATE_NEW) != pending)
			continue;
		count++;
		if (key->state != MESHLAN_KEY_STATE_TRANSMIT)
			oldest = key;
	}
	if (count >= max)
		kernel_del(node, oldest);
}

static int kernel_new(struct keys_sim_node *node, struct keys_sim_key *new)
{
	*new = (struct keys_sim_key){ .state = MESHLAN_KEY_STATE_NEW };
	do {
		new->index = (keys_sim_random(node->sim, 1 << 28) + 1) << 4;
	} while (kernel_key(node, new->index));
	for (int i = 0; i < MESHLAN_NONCE_SIZE; i++)
		new->nonce[i] = keys_sim_random(node->sim, 256);
	kernel_limit(node, true, PENDING_MAX);
	kernel_add(node, new);
	node->news++;
	return 0;
}

static int kernel_set(struct keys_sim_node *node, const struct keys_sim_key *set)
{
	struct keys_sim_key *key = kernel_key(node, set->index), new;

	if (!key)
		return ENOENT;
	if (key->state != MESHLAN_KEY_STATE_NEW)
		return EALREADY;
	if (memcmp(key->nonce, set->nonce, sizeof(key->nonce)))
		return EINVAL;
	new = *set;
	new.state = MESHLAN_KEY_STATE_RECEIVE;
	kernel_del(node, key);
	kernel_limit(node, false, RECEIVING_MAX);
	kernel_add(node, &new);
	return 0;
}

static bool same_key(const struct keys_sim_key *a, const struct keys_sim_key *b)
{
	return a->index == b->peer_index && a->peer_index == b->index &&
	       !memcmp(a->secret, b->secret, sizeof(a->secret)) &&
	       !memcmp(a->nonce, b->peer_nonce, sizeof(a->nonce)) &&
	       !memcmp(a->peer_nonce, b->nonce, sizeof(a->nonce)) &&
	       a->cipher == b->cipher && a->lanes == b->lanes;
}

/* The other node's frames under a newer key make the older ones retire. */
static void kernel_received(struct keys_sim_node *node, const struct keys_sim_key *sent)
{
	bool newer = true;

	for (unsigned int i = 0; i < node->key_count; i++) {
		struct keys_sim_key *key = &node->key[i];

		if (key->state == MESHLAN_KEY_STATE_NEW)
			continue;
		if (same_key(sent, key))
			newer = false;
		else if (!newer && !key->dies)
			key->dies = node->sim->now + RETIRE;
	}
}

static void kernel_age(struct keys_sim_node *node)
{
	for (unsigned int i = node->key_count; i-- > 0;) {
		struct keys_sim_key *key = &node->key[i];

		if (!key->dies || key->state == MESHLAN_KEY_STATE_TRANSMIT)
			continue;
		key->state = MESHLAN_KEY_STATE_RETIRED;
		if (node->sim->now >= key->dies)
			kernel_del(node, key);
	}
}

static int kernel_use(struct keys_sim_node *node, uint32_t index)
{
	struct keys_sim_key *key = kernel_key(node, index);
	struct keys_sim_key *old = (struct keys_sim_key *)keys_sim_transmits(node);

	if (!key)
		return ENOENT;
	if (key->state == MESHLAN_KEY_STATE_NEW)
		return ENOKEY;
	if (key->state == MESHLAN_KEY_STATE_RETIRED)
		return EKEYREVOKED;
	if (old)
		old->state = MESHLAN_KEY_STATE_RETIRED;
	key->state = MESHLAN_KEY_STATE_TRANSMIT;
	kernel_received(&node->sim->node[!node->number], key);
	return 0;
}

static int kernel_do(struct keys_sim_node *node, struct keys_sim_thing *thing,
		     struct keys_sim_key *new)
{
	struct keys_sim_key *key;

	if (thing->request != SIM_DEL &&
	    (node->refuses ||
	     keys_sim_random(node->sim, 100) < node->sim->refuse))
		return keys_sim_random(node->sim, 2) ? EBUSY : ENOENT;
	switch (thing->request) {
	case SIM_NEW:
		return kernel_new(node, new);
	case SIM_SET:
		return kernel_set(node, &thing->key);
	case SIM_USE:
		return kernel_use(node, thing->key.index);
	default:
		key = kernel_key(node, thing->key.index);
		if (key)
			kernel_del(node, key);
		return 0;
	}
}

static void kernel_serves(struct keys_sim_node *node, struct keys_sim_thing *thing)
{
	struct keys_sim *sim = node->sim;
	struct keys_sim_thing *answer;
	struct keys_sim_key new = {0};
	int error = kernel_do(node, thing, &new);

	if (thing->request == SIM_DEL)
		return;
	answer = add(sim, SIM_ANSWER, node->number,
		     sim->now + keys_sim_random(sim, sim->kernel_delay + 1));
	answer->answered = thing->ticket;
	answer->error = error;
	answer->index = new.index;
	memcpy(answer->nonce, new.nonce, sizeof(new.nonce));
}

/* --- what the daemons ask for -------------------------------------------- */

static struct keys_sim_thing *ask(void *data, enum keys_sim_request request,
			     uint64_t ticket, uint32_t index)
{
	struct keys_sim_node *node = data;
	struct keys_sim *sim = node->sim;
	struct keys_sim_thing *thing;
	uint64_t at = sim->now + keys_sim_random(sim, sim->kernel_delay + 1);

	/* In order. */
	if (at < node->kernel_busy)
		at = node->kernel_busy;
	node->kernel_busy = at;
	thing = add(sim, SIM_REQUEST, node->number, at);
	thing->request = request;
	thing->ticket = ticket;
	thing->key.index = index;
	return thing;
}

static void op_new(void *data, uint64_t ticket)
{
	ask(data, SIM_NEW, ticket, 0);
}

static void op_set(void *data, uint64_t ticket,
		   const struct keys_install *install)
{
	struct keys_sim_thing *thing = ask(data, SIM_SET, ticket, install->index);
	struct keys_sim_key *key = &thing->key;

	key->peer_index = install->peer_index;
	memcpy(key->nonce, install->nonce, sizeof(key->nonce));
	memcpy(key->peer_nonce, install->peer_nonce, sizeof(key->peer_nonce));
	memcpy(key->secret, install->secret, sizeof(key->secret));
	key->cipher = install->cipher;
	key->lanes = install->lanes;
}

static void op_use(void *data, uint64_t ticket, uint32_t index)
{
	ask(data, SIM_USE, ticket, index);
}

static void op_del(void *data, uint32_t index)
{
	ask(data, SIM_DEL, 0, index);
}

static void op_ready(void *data)
{
	((struct keys_sim_node *)data)->ready++;
}

static void op_trouble(void *data, int error)
{
	((struct keys_sim_node *)data)->trouble++;
}

static void op_send(void *data, const struct message *message)
{
	struct keys_sim_node *node = data;
	struct keys_sim *sim = node->sim;
	unsigned int copies = 1 + (keys_sim_random(sim, 100) < sim->repeat);

	if (sim->drop_done && message->type == MESSAGE_KEY_DONE)
		return;
	while (copies--) {
		struct keys_sim_thing *thing;

		thing = add(sim, SIM_MESSAGE, !node->number, sim->now +
			    keys_sim_random(sim, sim->delay + 1));
		thing->connection = node->connection;
		thing->message = *message;
	}
}

static const struct keys_ops ops = {
	.send = op_send, .key_new = op_new, .key_set = op_set,
	.key_use = op_use, .key_del = op_del, .ready = op_ready,
	.trouble = op_trouble,
};

/* --- what happens -------------------------------------------------------- */

static void tag_of(uint64_t connection, uint8_t tag[KEYS_TAG_SIZE])
{
	memcpy(tag, &connection, KEYS_TAG_SIZE);
}

static void goes_up(struct keys_sim *sim, struct keys_sim_node *node, uint64_t connection)
{
	struct keys_sim_node *other = &sim->node[!node->number];
	uint8_t tag[KEYS_TAG_SIZE], exporter[32] = "exporter";

	tag_of(connection, tag);
	memcpy(exporter + 8, tag, sizeof(tag));
	node->connection = connection;
	keys_up(node->keys, tag, exporter, &other->config.wish,
		other->instance, sim->now);
}

static void happens(struct keys_sim *sim, struct keys_sim_thing *thing)
{
	struct keys_sim_node *node = &sim->node[thing->node];
	uint8_t tag[KEYS_TAG_SIZE];

	/* A dead daemon's socket: nothing comes or goes. */
	if (thing->life != node->life)
		return;
	tag_of(thing->connection, tag);
	switch (thing->what) {
	case SIM_REQUEST:
		kernel_serves(node, thing);
		return;
	case SIM_ANSWER:
		keys_answer(node->keys, thing->answered, thing->error,
			    thing->index, thing->nonce, sim->now);
		return;
	case SIM_EVENT:
		keys_event(node->keys, thing->event, sim->now);
		return;
	case SIM_MESSAGE:
		keys_message(node->keys, tag, &thing->message, sim->now);
		return;
	case SIM_UP:
		/* Both come to the same one in the end. */
		if (thing->connection > node->connection)
			goes_up(sim, node, thing->connection);
		return;
	case SIM_DOWN:
		keys_down(node->keys, tag, sim->now);
		return;
	}
}

static bool was_wiped(const struct keys_sim_node *node, uint32_t index)
{
	for (unsigned int i = 0; i < node->wiped_count; i++) {
		if (node->wiped[i] == index)
			return true;
	}
	return false;
}

static bool can_open(const struct keys_sim_node *sender,
		     const struct keys_sim_node *receiver)
{
	const struct keys_sim_key *key = keys_sim_transmits(sender);

	if (!key)
		return true;
	for (unsigned int i = 0; i < receiver->key_count; i++) {
		if (receiver->key[i].state != MESHLAN_KEY_STATE_NEW &&
		    same_key(key, &receiver->key[i]))
			return true;
	}
	return false;
}

static void check(struct keys_sim *sim)
{
	unsigned int sending[2] = {0};

	for (unsigned int i = 0; i < 2; i++) {
		struct keys_sim_node *node = &sim->node[i];

		kernel_age(node);
		for (unsigned int k = 0; k < node->key_count; k++)
			sending[i] += node->key[k].state ==
				      MESHLAN_KEY_STATE_TRANSMIT;
		if (sending[i] > 1)
			sim->bad = "sends under two keys";
		if (!can_open(node, &sim->node[!i]) && !sim->bad &&
		    !was_wiped(&sim->node[!i], keys_sim_transmits(node)->peer_index))
			sim->bad = i ? "the higher one sends what the other cannot open" :
				       "the lower one sends what the other cannot open";
	}
}

bool keys_sim_works(const struct keys_sim *sim)
{
	for (unsigned int i = 0; i < 2; i++) {
		if (!keys_sim_transmits(&sim->node[i]) ||
		    !can_open(&sim->node[i], &sim->node[!i]))
			return false;
	}
	return true;
}

static struct keys_sim_thing *first(struct keys_sim *sim)
{
	struct keys_sim_thing *best = NULL;

	for (unsigned int i = 0; i < sim->things; i++) {
		struct keys_sim_thing *thing = &sim->thing[i];

		if (!best || thing->at < best->at ||
		    (thing->at == best->at && thing->order < best->order))
			best = thing;
	}
	return best;
}

static uint64_t next_timer(struct keys_sim *sim, unsigned int *node)
{
	uint64_t a = keys_next(sim->node[0].keys);
	uint64_t b = keys_next(sim->node[1].keys);

	*node = b < a;
	return b < a ? b : a;
}

void keys_sim_run(struct keys_sim *sim, uint64_t end)
{
	unsigned int steps = 0, node;

	for (;;) {
		struct keys_sim_thing *thing = first(sim), copy;
		uint64_t timer = next_timer(sim, &node);
		uint64_t at = thing && thing->at < timer ? thing->at : timer;

		if (at > end || sim->bad)
			break;
		if (++steps > 1000000) {
			sim->bad = "turns in a circle";
			break;
		}
		if (at > sim->now)
			sim->now = at;
		if (thing && thing->at <= timer) {
			copy = *thing;
			*thing = sim->thing[--sim->things];
			happens(sim, &copy);
		} else {
			keys_tick(sim->node[node].keys, sim->now);
		}
		check(sim);
	}
	if (end > sim->now)
		sim->now = end;
}

void keys_sim_connect(struct keys_sim *sim)
{
	uint64_t connection = ++sim->connections;

	for (unsigned int i = 0; i < 2; i++)
		add(sim, SIM_UP, i, sim->now + keys_sim_random(sim, sim->delay + 1))
			->connection = connection;
	/* Half of the time what is under way dies with the old one. */
	if (keys_sim_random(sim, 2))
		return;
	for (unsigned int i = sim->things; i-- > 0;) {
		if (sim->thing[i].what == SIM_MESSAGE)
			sim->thing[i] = sim->thing[--sim->things];
	}
}

void keys_sim_disconnect(struct keys_sim *sim)
{
	for (unsigned int i = 0; i < 2; i++)
		add(sim, SIM_DOWN, i,
		    sim->now + keys_sim_random(sim, sim->delay + 1))->connection =
			sim->node[i].connection;
	for (unsigned int i = sim->things; i-- > 0;) {
		if (sim->thing[i].what == SIM_MESSAGE)
			sim->thing[i] = sim->thing[--sim->things];
	}
}

void keys_sim_restart(struct keys_sim *sim, unsigned int number)
{
	struct keys_sim_node *node = &sim->node[number];
	struct keys_found found[SIM_KEYS];

	keys_destroy(node->keys);
	node->life++;
	node->instance = keys_sim_random(sim, UINT32_MAX);
	node->keys = keys_create(&node->config, &ops, node);
	for (unsigned int i = 0; i < node->key_count; i++)
		found[i] = (struct keys_found){
			.index = node->key[i].index,
			.peer_index = node->key[i].peer_index,
			.state = node->key[i].state,
		};
	keys_adopt(node->keys, found, node->key_count, sim->now);
	keys_sim_connect(sim);
}

void keys_sim_tell(struct keys_sim *sim, unsigned int node, uint32_t event)
{
	add(sim, SIM_EVENT, node, sim->now +
	    keys_sim_random(sim, 10 * sim->kernel_delay + 1))->event = event;
}

void keys_sim_wipe(struct keys_sim *sim, unsigned int number)
{
	struct keys_sim_node *node = &sim->node[number];

	while (node->key_count && node->wiped_count < 64)
		node->wiped[node->wiped_count++] =
			node->key[--node->key_count].index;
	node->key_count = 0;
	keys_sim_tell(sim, number, MESHLAN_EVENT_KEY_LOST);
}

void keys_sim_deliver(struct keys_sim *sim, unsigned int node,
		 const struct message *message)
{
	struct keys_sim_thing *thing = add(sim, SIM_MESSAGE, node, sim->now);

	thing->connection = sim->node[node].connection;
	thing->message = *message;
}

void keys_sim_start(struct keys_sim *sim, uint64_t seed, uint64_t interval)
{
	memset(sim, 0, sizeof(*sim));
	sim->seed = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	sim->now = HOUR;
	sim->delay = 20 * MILLISECOND;
	sim->kernel_delay = 2 * MILLISECOND;
	for (unsigned int i = 0; i < 2; i++) {
		struct keys_sim_node *node = &sim->node[i];

		node->sim = sim;
		node->number = i;
		node->instance = i + 1;
		node->config = (struct keys_config){
			.own = i ? 0xbb : 0xaa, .peer = i ? 0xaa : 0xbb,
			.interval = interval,
			.wish = { .lanes = 4 - i, .chacha_speed = 500 + i,
				  .aes_speed = i ? 300 : 2000 },
		};
		node->keys = keys_create(&node->config, &ops, node);
	}
}

void keys_sim_stop(struct keys_sim *sim)
{
	keys_destroy(sim->node[0].keys);
	keys_destroy(sim->node[1].keys);
}
