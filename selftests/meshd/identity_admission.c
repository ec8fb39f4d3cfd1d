// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "identity_stage.h"

TEST(identity, join)
{
	for (int remote = 0; remote < 2; remote++) {
		struct stage *stage = stage_new(remote);
		struct peer_identity peer;
		struct buf row = {0};

		stage->record.class = NODE_CLIENT;
		stage_join(stage, "new");
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
		stage_join(stage, "third");
		point(stage->joined, "a second use");
		stage_join(stage, "fourth");
		point_failed(stage, "a third of two uses", JOIN_TOKEN_USED);
		stage_free(stage);
	}
}

TEST(identity, join_tokens)
{
	struct stage *stage = stage_new(false);
	struct token right = *stage->token;

	stage->record.revoked = true;
	stage_join(stage, "new");
	point_failed(stage, "a revoked token", JOIN_TOKEN_REVOKED);
	stage->record.revoked = false;
	stage->date = stage->record.expires + 1;
	stage_join(stage, "new");
	point_failed(stage, "an expired token", JOIN_TOKEN_EXPIRED);
	stage->date = TODAY;
	token_make(stage->token);
	memcpy(stage->token->pin, right.pin, TOKEN_PIN_SIZE);
	stage->token->signer = right.signer;
	stage_join(stage, "new");
	point_failed(stage, "an unknown token", JOIN_TOKEN_UNKNOWN);
	memcpy(stage->token->id, right.id, TOKEN_ID_SIZE);
	stage->now += 10 * MINUTE;
	stage_join(stage, "new");
	point_failed(stage, "another's secret", JOIN_TOKEN_WRONG);
	*stage->token = right;
	stage->token->signer = 99;
	stage_join(stage, "new");
	point_failed(stage, "a signer that is nowhere", JOIN_NO_SIGNER);
	stage->token->signer = 0;
	stage->now += 10 * MINUTE;
	stage_join(stage, "new");
	point_failed(stage, "any signer, of a token for one",
		     JOIN_TOKEN_UNKNOWN);
	stage->record.any_signer = true;
	stage_join(stage, "new");
	point(stage->joined, "any signer");
	point_number("uses", stage->record.uses_left, 1);
	stage_free(stage);
}

TEST(identity, join_pin)
{
	struct stage *stage = stage_new(false);

	stage->token->pin[3] ^= 1;
	stage_host(stage, "new", NULL);
	stage->lose = MESSAGE_GOODBYE;
	point(!stage_dial(stage), "another CA: nothing is said");
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
	stage_join(stage, "first");
	point_failed(stage, "the signer's own name", JOIN_NAME_TAKEN);
	stage_join(stage, "new");
	stage_join(stage, "new");
	point_failed(stage, "a taken name", JOIN_NAME_TAKEN);
	stage_join(stage, NULL);
	point_failed(stage, "no name", JOIN_NAME_BAD);
	strcpy(stage->record.name, "bound");
	stage_join(stage, "free");
	point_failed(stage, "another name than the token's", JOIN_NAME_OTHER);
	stage_join(stage, NULL);
	point(stage->joined && !strcmp(stage->id.self.name, "bound"),
	      "the token's name");
	stage->record.name[0] = 0;
	pki_key_make(&key, &err);
	stage_host(stage, "a", key);
	stage_dial(stage);
	point(stage->joined, "a key");
	stage_host(stage, "b", key);
	stage_dial(stage);
	point_failed(stage, "the same key, another name", JOIN_NODE_TAKEN);
	identity_revoke(&stage->net, pki_key_node(key), NULL, 0, TODAY, &blob,
			&err);
	stage_host(stage, "c", key);
	stage_dial(stage);
	point_failed(stage, "a revoked key", JOIN_NODE_REVOKED);
	stage_host(stage, "a", key);
	stage_dial(stage);
	point(!stage->joined, "nor as it was before: %s", stage->text);
	stage_host(stage, "d", stage->net.key);
	stage_dial(stage);
	point_failed(stage, "the signer's own key", JOIN_NODE_TAKEN);
	point_number("no use was lost by all this", stage->record.uses_left,
		     97);
	stage_join(stage, "last");
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
		stage_join(stage, "new");
		point(!stage->joined && !stage->failed &&
		      joiner_next(stage->joiner) < NEVER,
		      "lost, and it waits");
		stage->now = joiner_next(stage->joiner);
		joiner_tick(stage->joiner, stage->now);
		point_failed(stage, "until it has enough", JOIN_SILENCE);
	}
	point_number("no use spent", stage->record.uses_left, 1);
	stage->lose = MESSAGE_JOIN_GRANT;
	stage_join(stage, "new");
	point(!stage->joined && !stage->record.uses_left, "a lost grant");
	stage->now += MINUTE;
	joiner_tick(stage->joiner, stage->now);
	gate_tick(stage->gate, stage->now);
	signer_tick(stage->signer, stage->now);
	point(gate_next(stage->gate) == NEVER &&
	      signer_next(stage->signer) == NEVER, "all forgotten");
	stage->lose = 0;
	stage_dial(stage);
	point(stage->joined && stage->count == 1,
	      "is given again for the same request");
	stage_join(stage, "other");
	point_failed(stage, "but to no other", JOIN_TOKEN_USED);
	stage_free(stage);
}

TEST(identity, join_store)
{
	struct stage *stage = stage_new(false);

	stage->cannot_keep = true;
	stage_join(stage, "new");
	point_failed(stage, "a full disk", JOIN_SIGNER);
	point_number("costs no use", stage->record.uses_left, 2);
	stage->no_way = true;
	stage_join(stage, "new");
	point_failed(stage, "no way to the signer", JOIN_NO_SIGNER);
	stage_free(stage);
}
