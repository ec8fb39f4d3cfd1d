// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "identity.h"
#include "unit.h"

#include <stdlib.h>

#include "meshd/base/secret.h"
#include "meshd/identity/admission.h"

#define CONN	7

/* A joiner, a gate on one node and a signer on that or another. */
struct stage {
	struct identity net;
	struct identity member;		/* the gate's, if it is another */
	bool remote;			/* gate and signer are two nodes */
	uint64_t gate_node;
	struct gate *gate;
	struct signer *signer;
	struct joiner *joiner;
	struct token *token;
	struct token_record record;
	uint64_t now, date;
	uint64_t joiner_date;		/* 0: the same */
	union addr source;

	/* What the signer keeps. */
	struct issued issued[64];
	struct buf chain[64];
	unsigned int count;
	bool cannot_keep;

	/* How it went. */
	bool joined, closed;
	struct identity id;
	uint16_t mtu;
	enum join_cause failed, closed_as;
	char text[160];
	unsigned int refused;

	/* What is done to messages on their way. */
	enum message_type lose;
	bool no_way;
	uint64_t hold_proof;
	uint8_t nonce[32];
	void (*change)(struct stage *stage, struct message *message);
	uint64_t exchange;		/* of the last relayed */
	uint8_t signature[64];		/* of the last proof */
	struct buf request;
};

static uint64_t joiner_date(const struct stage *stage)
{
	return stage->joiner_date ? stage->joiner_date : stage->date;
}

static void to_joiner(struct stage *stage, const struct message *message)
{
	struct message copy = *message;

	if (message->type == stage->lose)
		return;
	if (stage->change)
		stage->change(stage, &copy);
	joiner_hear(stage->joiner, &copy, joiner_date(stage), stage->now);
}

static void gate_send(void *data, uint64_t conn, const struct message *message)
{
	(void)conn;
	to_joiner(data, message);
}

static void gate_close(void *data, uint64_t conn, enum join_cause cause)
{
	struct stage *stage = data;

	(void)conn;
	stage->closed = true;
	stage->closed_as = cause;
}

static bool gate_relay(void *data, uint64_t signer, uint64_t exchange,
		       const struct message *message)
{
	struct stage *stage = data;

	if (stage->no_way || signer != stage->net.self.node)
		return false;
	stage->exchange = exchange;
	if (message->type == MESSAGE_JOIN_PROOF) {
		stage->request.len = 0;
		buf_add(&stage->request, message->join_proof.request.data,
			message->join_proof.request.len);
		memcpy(stage->signature, message->join_proof.signature, 64);
	}
	signer_hear(stage->signer, stage->gate_node, exchange, message,
		    stage->date, stage->now);
	return true;
}

static uint64_t gate_any_signer(void *data)
{
	struct stage *stage = data;

	return stage->net.self.node;
}

static const struct gate_ops gate_ops = {
	.send = gate_send,
	.close = gate_close,
	.relay = gate_relay,
	.any_signer = gate_any_signer,
};

static bool token_get(void *data, const uint8_t id[TOKEN_ID_SIZE],
		      struct token_record *token)
{
	struct stage *stage = data;

	*token = stage->record;
	return !memcmp(id, stage->record.id, TOKEN_ID_SIZE);
}

static bool keep(void *data, const struct token_record *token,
		 const struct issued *issued)
{
	struct stage *stage = data;
	struct issued *own = &stage->issued[stage->count];

	if (stage->cannot_keep)
		return false;
	*own = *issued;
	buf_add(&stage->chain[stage->count], issued->chain.data,
		issued->chain.len);
	own->chain = whole(&stage->chain[stage->count]);
	stage->count++;
	if (token)
		stage->record = *token;
	return true;
}

static bool issued_get(void *data, const uint8_t request[32],
		       struct issued *issued)
{
	struct stage *stage = data;

	for (unsigned int i = stage->count; i--;) {
		*issued = stage->issued[i];
		if (!memcmp(issued->request, request, 32))
			return true;
	}
	return false;
}

static uint64_t name_holder(void *data, const char *name)
{
	struct stage *stage = data;

	for (unsigned int i = 0; i < stage->count; i++) {
		if (!strcmp(stage->issued[i].name, name))
			return stage->issued[i].node;
	}
	return 0;
}

static bool node_taken(void *data, uint64_t node)
{
	struct stage *stage = data;

	for (unsigned int i = 0; i < stage->count; i++) {
		if (stage->issued[i].node == node)
			return true;
	}
	return false;
}

static bool may_sign(void *data, uint64_t node)
{
	(void)data, (void)node;
	return false;
}

static void fill_grant(void *data, struct message_join_grant *grant)
{
	(void)data;
	grant->mtu = 1360;
	grant->members.count = 1;
	addr_parse(&grant->members.addr[0], "192.0.2.9:1", 0);
}

static void answer(void *data, uint64_t to, uint64_t exchange,
		   const struct message *message)
{
	struct stage *stage = data;

	if (to == stage->gate_node)
		gate_relayed(stage->gate, stage->net.self.node, exchange,
			     message, stage->now);
}

static void refused(void *data, uint64_t from, enum join_cause cause,
		    const char *text)
{
	struct stage *stage = data;

	(void)from, (void)cause, (void)text;
	stage->refused++;
}

static const struct signer_ops signer_ops = {
	.token_get = token_get,
	.keep = keep,
	.issued_get = issued_get,
	.name_holder = name_holder,
	.node_taken = node_taken,
	.may_sign = may_sign,
	.fill_grant = fill_grant,
	.answer = answer,
	.refused = refused,
};

static void joiner_send(void *data, const struct message *message)
{
	struct stage *stage = data;

	if (message->type == MESSAGE_JOIN_PROOF)
		stage->now += stage->hold_proof;
	if (message->type != stage->lose)
		gate_hear(stage->gate, CONN, &stage->source, message,
			  stage->now);
}

static void joiner_joined(void *data, struct identity *id,
			  const struct message_join_grant *grant)
{
	struct stage *stage = data;

	stage->joined = true;
	stage->id = *id;
	stage->mtu = grant->mtu;
}

static void joiner_failed(void *data, enum join_cause cause, const char *text)
{
	struct stage *stage = data;

	stage->failed = cause;
	snprintf(stage->text, sizeof(stage->text), "%s", text);
}

static const struct joiner_ops joiner_ops = {
	.send = joiner_send,
	.joined = joiner_joined,
	.failed = joiner_failed,
};

static struct stage *stage_new(bool remote)
{
	struct stage *stage = xalloc(sizeof(*stage));

	net_make(&stage->net);
	stage->remote = remote;
	if (remote)
		node_make(&stage->member, &stage->net, "member");
	stage->gate_node = remote ? stage->member.self.node :
				    stage->net.self.node;
	stage->now = 1000 * SECOND;
	stage->date = TODAY;
	addr_parse(&stage->source, "192.0.2.1:5", 0);
	stage->gate = gate_new(&gate_ops, stage);
	stage->signer = signer_new(&signer_ops, stage, &stage->net,
				   PKI_LEAF_LIFE);
	stage->token = secret_alloc(sizeof(*stage->token));
	token_make(stage->token);
	stage->token->signer = stage->net.self.node;
	uint8_t fingerprint[PKI_FINGERPRINT_SIZE];

	identity_fingerprint(&stage->net, fingerprint);
	memcpy(stage->token->pin, fingerprint, TOKEN_PIN_SIZE);
	token_record_of(stage->token, &stage->record);
	stage->record.uses_left = 2;
	stage->record.expires = TODAY + PKI_DAY;
	return stage;
}

static void stage_free(struct stage *stage)
{
	joiner_free(stage->joiner);
	gate_free(stage->gate);
	signer_free(stage->signer);
	secret_free(stage->token);
	identity_free(&stage->net);
	identity_free(&stage->member);
	identity_free(&stage->id);
	buf_free(&stage->request);
	for (unsigned int i = 0; i < stage->count; i++)
		buf_free(&stage->chain[i]);
	free(stage);
}

/* A blank host with a name; @key NULL: a new one. */
static void host(struct stage *stage, const char *name,
		 gnutls_x509_privkey_t key)
{
	gnutls_x509_privkey_t own;
	struct meshlan_error err;

	joiner_free(stage->joiner);
	if (key) {
		gnutls_x509_privkey_init(&own);
		gnutls_x509_privkey_cpy(own, key);
	} else {
		pki_key_make(&own, &err);
	}
	stage->joiner = joiner_new(&joiner_ops, stage, stage->token, own,
				   name);
}

/* Dials the gate; false if the handshake fails. */
static bool dial(struct stage *stage)
{
	const struct identity *gate = stage->remote ? &stage->member :
						      &stage->net;
	struct span chain[PKI_CHAIN_MAX + 1];
	struct identity_der der;
	struct meshlan_error why;
	bool good;

	identity_free(&stage->id);
	stage->joined = stage->closed = false;
	stage->failed = JOIN_GOOD;
	gate_gone(stage->gate, CONN);
	identity_der(gate, &der);
	memcpy(chain, der.chain, sizeof(der.chain));
	chain[der.chain_count] = der.authority[0];
	good = joiner_pin(stage->joiner, chain, der.chain_count + 1,
			  joiner_date(stage), stage->joiner_date, &why);
	identity_der_free(&der);
	if (good)
		joiner_connected(stage->joiner, stage->now);
	return good;
}

static void join(struct stage *stage, const char *name)
{
	host(stage, name, NULL);
	dial(stage);
}

static void point_failed(struct stage *stage, const char *what,
			 enum join_cause cause)
{
	char name[64];

	snprintf(name, sizeof(name), "%s", what);
	point_text(name, stage->joined ? "joined" :
		   join_cause_name(stage->failed), join_cause_name(cause));
	printf("# %s\n", stage->text);
}

TEST(identity, join)
{
	for (int remote = 0; remote < 2; remote++) {
		struct stage *stage = stage_new(remote);
		struct peer_identity peer;
		struct buf row = {0};

		stage->record.class = NODE_CLIENT;
		join(stage, "new");
		point(stage->joined && stage->closed &&
		      stage->closed_as == JOIN_GOOD, "joined, the signer %s",
		      remote ? "elsewhere" : "at the gate");
		point(stage->id.self.class == NODE_CLIENT &&
		      !strcmp(stage->id.self.name, "new") &&
		      !strcmp(stage->id.network, "net") && stage->mtu == 1360,
		      "with name, class and network");
		point(!memcmp(stage->id.secret, stage->net.secret,
			      IDENTITY_SECRET_SIZE), "and the secret");
		identity_add_chain(&stage->id, &row);
		point(judge(&stage->net, &row, TODAY, &peer) == IDENTITY_GOOD,
		      "a node for the others");
		buf_free(&row);
		row = (struct buf){0};
		identity_add_chain(&stage->net, &row);
		point(judge(&stage->id, &row, TODAY, &peer) == IDENTITY_GOOD,
		      "as they are for it");
		buf_free(&row);
		point_number("one use is spent", stage->record.uses_left, 1);
		join(stage, "third");
		point(stage->joined, "a second use");
		join(stage, "fourth");
		point_failed(stage, "a third of two uses", JOIN_TOKEN_USED);
		stage_free(stage);
	}
}

TEST(identity, join_tokens)
{
	struct stage *stage = stage_new(false);
	struct token right = *stage->token;

	stage->record.revoked = true;
	join(stage, "new");
	point_failed(stage, "a revoked token", JOIN_TOKEN_REVOKED);
	stage->record.revoked = false;
	stage->date = stage->record.expires + 1;
	join(stage, "new");
	point_failed(stage, "an expired token", JOIN_TOKEN_EXPIRED);
	stage->date = TODAY;
	token_make(stage->token);
	memcpy(stage->token->pin, right.pin, TOKEN_PIN_SIZE);
	stage->token->signer = right.signer;
	join(stage, "new");
	point_failed(stage, "an unknown token", JOIN_TOKEN_UNKNOWN);
	memcpy(stage->token->id, right.id, TOKEN_ID_SIZE);
	stage->now += 10 * MINUTE;
	join(stage, "new");
	point_failed(stage, "another's secret", JOIN_TOKEN_WRONG);
	*stage->token = right;
	stage->token->signer = 99;
	join(stage, "new");
	point_failed(stage, "a signer that is nowhere", JOIN_NO_SIGNER);
	stage->token->signer = 0;
	stage->now += 10 * MINUTE;
	join(stage, "new");
	point_failed(stage, "any signer, of a token for one",
		     JOIN_TOKEN_UNKNOWN);
	stage->record.any_signer = true;
	join(stage, "new");
	point(stage->joined, "any signer");
	point_number("uses", stage->record.uses_left, 1);
	stage_free(stage);
}

TEST(identity, join_pin)
{
	struct stage *stage = stage_new(false);

	stage->token->pin[3] ^= 1;
	host(stage, "new", NULL);
	stage->lose = MESSAGE_GOODBYE;
	point(!dial(stage), "another CA: nothing is said");
	joiner_connected(stage->joiner, stage->now);
	point_failed(stage, "and nothing goes out", JOIN_PIN);
	point_number("the gate heard nothing", stage->exchange, 0);
	stage_free(stage);
}

TEST(identity, join_names)
{
	struct stage *stage = stage_new(false);
	struct buf blob = {0};
	struct meshlan_error err;
	gnutls_x509_privkey_t key;

	stage->record.uses_left = 100;
	join(stage, "first");
	point_failed(stage, "the signer's own name", JOIN_NAME_TAKEN);
	join(stage, "new");
	join(stage, "new");
	point_failed(stage, "a taken name", JOIN_NAME_TAKEN);
	join(stage, NULL);
	point_failed(stage, "no name", JOIN_NAME_BAD);
	strcpy(stage->record.name, "bound");
	join(stage, "free");
	point_failed(stage, "another name than the token's", JOIN_NAME_OTHER);
	join(stage, NULL);
	point(stage->joined && !strcmp(stage->id.self.name, "bound"),
	      "the token's name");
	stage->record.name[0] = 0;
	pki_key_make(&key, &err);
	host(stage, "a", key);
	dial(stage);
	point(stage->joined, "a key");
	host(stage, "b", key);
	dial(stage);
	point_failed(stage, "the same key, another name", JOIN_NODE_TAKEN);
	identity_revoke(&stage->net, pki_key_node(key), NULL, 0, TODAY, &blob,
			&err);
	host(stage, "c", key);
	dial(stage);
	point_failed(stage, "a revoked key", JOIN_NODE_REVOKED);
	host(stage, "a", key);
	dial(stage);
	point(!stage->joined, "nor as it was before: %s", stage->text);
	host(stage, "d", stage->net.key);
	dial(stage);
	point_failed(stage, "the signer's own key", JOIN_NODE_TAKEN);
	point_number("no use was lost by all this", stage->record.uses_left,
		     97);
	join(stage, "last");
	point(stage->joined && identity_is_revoked(&stage->id,
						   pki_key_node(key)),
	      "a grant tells who is revoked");
	gnutls_x509_privkey_deinit(key);
	buf_free(&blob);
	stage_free(stage);
}

/* A lost grant does not burn the token. */
TEST(identity, join_lost)
{
	struct stage *stage = stage_new(true);
	static const enum message_type ways[] = { MESSAGE_JOIN_ASK,
		MESSAGE_JOIN_NONCE, MESSAGE_JOIN_PROOF };

	stage->record.uses_left = 1;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		stage->lose = ways[i];
		join(stage, "new");
		point(!stage->joined && !stage->failed &&
		      joiner_next(stage->joiner) < NEVER,
		      "lost, and it waits");
		stage->now = joiner_next(stage->joiner);
		joiner_tick(stage->joiner, stage->now);
		point_failed(stage, "until it has enough", JOIN_SILENCE);
	}
	point_number("no use spent", stage->record.uses_left, 1);
	stage->lose = MESSAGE_JOIN_GRANT;
	join(stage, "new");
	point(!stage->joined && !stage->record.uses_left, "a lost grant");
	stage->now += MINUTE;
	joiner_tick(stage->joiner, stage->now);
	gate_tick(stage->gate, stage->now);
	signer_tick(stage->signer, stage->now);
	point(gate_next(stage->gate) == NEVER &&
	      signer_next(stage->signer) == NEVER, "all forgotten");
	stage->lose = 0;
	dial(stage);
	point(stage->joined && stage->count == 1,
	      "is given again for the same request");
	join(stage, "other");
	point_failed(stage, "but to no other", JOIN_TOKEN_USED);
	stage_free(stage);
}

TEST(identity, join_store)
{
	struct stage *stage = stage_new(false);

	stage->cannot_keep = true;
	join(stage, "new");
	point_failed(stage, "a full disk", JOIN_SIGNER);
	point_number("costs no use", stage->record.uses_left, 2);
	stage->no_way = true;
	join(stage, "new");
	point_failed(stage, "no way to the signer", JOIN_NO_SIGNER);
	stage_free(stage);
}

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
	host(stage, "new", NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		stage->change = cases[i].change;
		stage->now += 10 * MINUTE;
		dial(stage);
		point_failed(stage, cases[i].what, cases[i].cause);
		point(!strchr(stage->text, 0x1b), "nothing odd is shown");
		buf_free(&more);
	}
	stage->change = NULL;
	stage->now += 10 * MINUTE;
	dial(stage);
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

	join(stage, "new");
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
	join(stage, "new");
	point(stage->joined && stage->id.forgive_start,
	      "a clock that is far behind");
	identity_add_chain(&stage->net, &row);
	point(judge(&stage->id, &row, 100, &peer) == IDENTITY_GOOD,
	      "and its first peer is good");
	stage->joiner_date = TODAY + PKI_LEAF_LIFE + 1;
	host(stage, "other", NULL);
	point(!dial(stage), "one that is far ahead is not forgiven");
	buf_free(&row);
	stage_free(stage);
}

TEST(identity, join_late)
{
	struct stage *stage = stage_new(false);

	stage->hold_proof = SIGNER_NONCE_LIFE;
	join(stage, "new");
	point_failed(stage, "a good proof, too late", JOIN_NONCE);
	stage->hold_proof--;
	join(stage, "new");
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
		join(stage, "new");
	point_failed(stage, "wrong four times", JOIN_TOKEN_WRONG);
	*stage->token = right;
	join(stage, "new");
	point_failed(stage, "then the right one must wait", JOIN_THROTTLED);
	stage->now += 2 * SECOND;
	join(stage, "new");
	point(stage->joined, "a second later it need not");
	for (int i = 0; i < 100; i++) {
		random_bytes(stage->token->id, TOKEN_ID_SIZE);
		join(stage, "guess");
	}
	addr_parse(&stage->source, "192.0.2.2:5", 0);
	*stage->token = right;
	join(stage, "newer");
	point(stage->joined, "one who guesses holds up nobody else");
	end = stage->now;
	addr_parse(&stage->source, "192.0.2.1:9", 0);
	join(stage, "newest");
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
	join(stage, "x");
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
	join(stage, "new");
	point(stage->joined, "another gate is served");
	stage_free(stage);
}
