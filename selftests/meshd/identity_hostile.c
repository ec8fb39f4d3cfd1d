// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "identity_stage.h"

#include "meshd/base/secret.h"

static void other_secret(struct stage *stage, struct message *message)
{
	(void)stage;
	if (message->type == MESSAGE_JOIN_GRANT)
		message->join_grant.network_secret[0] ^= 1;
}

static void other_mtu(struct stage *stage, struct message *message)
{
	(void)stage;
	message->join_grant.mtu ^= message->type == MESSAGE_JOIN_GRANT;
}

static void other_network(struct stage *stage, struct message *message)
{
	(void)stage;
	if (message->type == MESSAGE_JOIN_GRANT)
		message->join_grant.network[0]++;
}

static void no_lists(struct stage *stage, struct message *message)
{
	(void)stage;
	if (message->type == MESSAGE_JOIN_GRANT)
		message->join_grant.revoked.len = 0;
}

static struct buf more;

static void more_authorities(struct stage *stage, struct message *message)
{
	struct identity rogue;

	(void)stage;
	if (message->type != MESSAGE_JOIN_GRANT)
		return;
	net_make(&rogue);
	buf_add(&more, message->join_grant.authorities.data,
		message->join_grant.authorities.len);
	identity_add_authorities(&rogue, &more);
	message->join_grant.authorities = whole(&more);
	identity_free(&rogue);
}

static void another_chain(struct stage *stage, struct message *message)
{
	struct odd odd = { .name = "new" };

	if (message->type != MESSAGE_JOIN_GRANT)
		return;
	more = node_chain(&stage->net, &odd, NULL);
	message->join_grant.chain = whole(&more);
}

/* By the signer itself: its program is wrong, or was made so. */
static void signed_again(struct stage *stage, struct message *message)
{
	uint8_t digest[32];

	if (message->type == MESSAGE_JOIN_NONCE)
		memcpy(stage->nonce, message->join_nonce.nonce, 32);
	if (message->type != MESSAGE_JOIN_GRANT)
		return;
	another_chain(stage, message);
	grant_digest(&message->join_grant, stage->nonce, digest);
	pki_key_sign(stage->net.signer.key, digest, 32,
		     message->join_grant.signature);
}

static void nonsense(struct stage *stage, struct message *message)
{
	(void)stage;
	if (message->type == MESSAGE_JOIN_NONCE)
		message->type = MESSAGE_JOIN_PROOF;
}

static void control_characters(struct stage *stage, struct message *message)
{
	(void)stage;
	message->type = MESSAGE_JOIN_REFUSE;
	message->join_refuse.code = 60000;
	memset(message->join_refuse.text, 0x1b, MESSAGE_TEXT_MAX);
}

/* What a gate or relay can do to a joiner. */
TEST(identity, join_tampered)
{
	static const struct {
		const char *what;
		void (*change)(struct stage *stage, struct message *message);
		enum join_cause cause;
	} cases[] = {
		{ "another secret", other_secret, JOIN_GRANT },
		{ "another MTU", other_mtu, JOIN_GRANT },
		{ "another network", other_network, JOIN_GRANT },
		{ "lists left out", no_lists, JOIN_GRANT },
		{ "one more authority", more_authorities, JOIN_GRANT },
		{ "another's certificate", another_chain, JOIN_GRANT },
		{ "the same, by the signer", signed_again, JOIN_GRANT },
		{ "nonsense", nonsense, JOIN_CONFUSED },
		{ "control characters", control_characters, JOIN_CONFUSED },
	};
	struct stage *stage = stage_new(true);
	struct meshlan_error err;
	struct buf blob = {0};

	identity_revoke(&stage->net, 5, NULL, 0, TODAY, &blob, &err);
	stage_host(stage, "new", NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		stage->change = cases[i].change;
		stage->now += 10 * MINUTE;
		stage_dial(stage);
		point_failed(stage, cases[i].what, cases[i].cause);
		point(!strchr(stage->text, 0x1b), "nothing odd is shown");
		buf_free(&more);
	}
	stage->change = NULL;
	stage->now += 10 * MINUTE;
	stage_dial(stage);
	point(stage->joined, "and then as it should be");
	point_number("for one use", stage->record.uses_left, 1);
	buf_free(&blob);
	stage_free(stage);
}

/* What a hostile member can do with what it relayed. */
TEST(identity, join_replayed)
{
	struct stage *stage = stage_new(true);
	struct message proof = { .type = MESSAGE_JOIN_PROOF };
	struct message ask = { .type = MESSAGE_JOIN_ASK };
	unsigned int count, refused_before;

	stage_join(stage, "new");
	count = stage->count;
	memcpy(proof.join_proof.signature, stage->signature, 64);
	proof.join_proof.request = whole(&stage->request);
	refused_before = stage->refused;
	signer_hear(stage->signer, stage->gate_node, stage->exchange, &proof,
		    stage->date, stage->now);
	point(stage->refused == refused_before + 1, "a proof twice");
	memcpy(ask.join_ask.token, stage->token->id, TOKEN_ID_SIZE);
	ask.join_ask.signer = stage->net.self.node;
	ask.join_ask.version = ADMISSION_VERSION;
	signer_hear(stage->signer, 5, 6, &ask, stage->date, stage->now);
	signer_hear(stage->signer, 5, 6, &proof, stage->date, stage->now);
	point(stage->refused == refused_before + 2,
	      "an old proof for a new nonce");
	signer_hear(stage->signer, 5, 8, &ask, stage->date, stage->now);
	signer_hear(stage->signer, 5, 8, &proof, stage->date,
		    stage->now + SIGNER_NONCE_LIFE);
	point(stage->refused == refused_before + 3, "a proof too late");
	ask.join_ask.version = 2;
	signer_hear(stage->signer, 5, 9, &ask, stage->date, stage->now);
	point(stage->refused == refused_before + 4, "another version");
	point_number("certificates made by all that", stage->count, count);
	gate_relayed(stage->gate, 1, stage->exchange, &proof, stage->now);
	gate_relayed(stage->gate, stage->net.self.node, 1, &proof, stage->now);
	stage_free(stage);
}

TEST(identity, join_in_1970)
{
	struct stage *stage = stage_new(true);
	struct peer_identity peer;
	struct buf row = {0};

	stage->joiner_date = 100;
	stage_join(stage, "new");
	point(stage->joined && stage->id.forgive_start,
	      "a clock that is far behind");
	identity_add_chain(&stage->net, &row);
	point(judge(&stage->id, &row, 100, &peer) == IDENTITY_GOOD,
	      "and its first peer is good");
	stage->joiner_date = TODAY + PKI_LEAF_LIFE + 1;
	stage_host(stage, "other", NULL);
	point(!stage_dial(stage), "one that is far ahead is not forgiven");
	buf_free(&row);
	stage_free(stage);
}

TEST(identity, join_late)
{
	struct stage *stage = stage_new(false);

	stage->hold_proof = SIGNER_NONCE_LIFE;
	stage_join(stage, "new");
	point_failed(stage, "a good proof, too late", JOIN_NONCE);
	stage->hold_proof--;
	stage_join(stage, "new");
	point(stage->joined, "or just in time");
	stage_free(stage);
}

TEST(identity, join_throttled)
{
	struct stage *stage = stage_new(false);
	struct token right = *stage->token;
	uint64_t end;

	random_bytes(stage->token->seed, TOKEN_SEED_SIZE);
	for (int i = 0; i < 4; i++)
		stage_join(stage, "new");
	point_failed(stage, "wrong four times", JOIN_TOKEN_WRONG);
	*stage->token = right;
	stage_join(stage, "new");
	point_failed(stage, "then the right one must wait", JOIN_THROTTLED);
	stage->now += 2 * SECOND;
	stage_join(stage, "new");
	point(stage->joined, "a second later it need not");
	for (int i = 0; i < 100; i++) {
		random_bytes(stage->token->id, TOKEN_ID_SIZE);
		stage_join(stage, "guess");
	}
	addr_parse(&stage->source, "192.0.2.2:5", 0);
	*stage->token = right;
	stage_join(stage, "newer");
	point(stage->joined, "one who guesses holds up nobody else");
	end = stage->now;
	addr_parse(&stage->source, "192.0.2.1:9", 0);
	stage_join(stage, "newest");
	point_failed(stage, "but itself, by whatever port", JOIN_THROTTLED);
	point_number("time stood still", stage->now, end);
	stage_free(stage);
}

TEST(identity, gate_bounds)
{
	struct stage *stage = stage_new(false);
	struct message ask = { .type = MESSAGE_JOIN_ASK };
	unsigned int refused_before;

	stage->token->signer = 0;
	stage_join(stage, "x");
	memcpy(ask.join_ask.token, stage->token->id, TOKEN_ID_SIZE);
	ask.join_ask.signer = stage->net.self.node;
	ask.join_ask.version = ADMISSION_VERSION;
	/* Nobody listens to the answers. */
	stage->lose = MESSAGE_JOIN_NONCE;
	for (uint64_t conn = 100; conn < 100 + GATE_PER_SOURCE; conn++)
		gate_hear(stage->gate, conn, &stage->source, &ask, stage->now);
	stage->closed = false;
	gate_hear(stage->gate, 200, &stage->source, &ask, stage->now);
	point(stage->closed && stage->closed_as == JOIN_BUSY,
	      "so many from one source, not one more");
	for (uint64_t conn = 300; conn < 400; conn++) {
		union addr from = stage->source;

		from.in.sin_addr.s_addr = htonl(0x0a000000 + conn);
		gate_hear(stage->gate, conn, &from, &ask, stage->now);
	}
	point(stage->closed_as == JOIN_BUSY, "so many at all");
	refused_before = stage->refused;
	stage->closed = false;
	gate_hear(stage->gate, 101, &stage->source, &ask, stage->now);
	point(stage->closed && stage->closed_as == JOIN_CONFUSED &&
	      stage->refused == refused_before, "asking twice makes no sense");
	point_number("they go by themselves", gate_next(stage->gate),
		     stage->now + GATE_TIMEOUT);
	gate_tick(stage->gate, stage->now + GATE_TIMEOUT);
	point(gate_next(stage->gate) == NEVER, "all of them");
	stage_free(stage);
}

/* One hostile member fills no other's room. */
TEST(identity, signer_bounds)
{
	struct stage *stage = stage_new(false);
	struct message ask = { .type = MESSAGE_JOIN_ASK };

	memcpy(ask.join_ask.token, stage->token->id, TOKEN_ID_SIZE);
	ask.join_ask.signer = stage->net.self.node;
	ask.join_ask.version = ADMISSION_VERSION;
	for (uint64_t i = 0; i < 1000; i++)
		signer_hear(stage->signer, 5, i, &ask, stage->date,
			    stage->now);
	point(stage->refused == 1000 - SIGNER_PENDING_PER_GATE,
	      "so many nonces of one gate");
	stage_join(stage, "new");
	point(stage->joined, "another gate is served");
	stage_free(stage);
}
