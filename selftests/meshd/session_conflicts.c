// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "session_people.h"

static struct people people;

/* --- conflicts ----------------------------------------------------------- */

static const struct record *seen(unsigned int by, unsigned int number)
{
	return store_find(people.person[by].store, 0x1000 + number);
}

static void say(unsigned int from, unsigned int to, const struct buf *buf)
{
	struct span blob = { buf->data, buf->len };
	struct message message = {
		.type = MESSAGE_RECORDS,
		.blobs = { .count = 1, .blob = &blob },
	};

	people_send(&people, from, to, &message);
}

TEST(session, conflicts)
{
	struct person *watcher = &people.person[0];

	people_start(&people, 4);
	memcpy(people.person[3].says.mac, people.person[1].says.mac, 6);
	people_address(&people.person[3].says, 1);
	strcpy(people.person[3].certificate.name, "node-1");
	for (unsigned int i = 0; i < 4; i++)
		people_publish(&people, i);
	people_connect(&people, 0, 3);
	people_run(&people, people.now + SECOND);
	point(!seen(0, 3)->lost_name && !seen(0, 3)->lost_mac,
	      "alone it has what it claims");
	people_connect(&people, 0, 1);
	people_run(&people, people.now + SECOND);
	point(seen(0, 3)->lost_name && seen(0, 3)->lost_mac &&
	      seen(0, 3)->lost_addresses == 1 && !seen(0, 1)->lost_name &&
	      !seen(0, 1)->lost_mac && !seen(0, 1)->lost_addresses,
	      "the older certificate wins");
	point_number("and it alone has the MAC", watcher->mac_owner, 0x1001);
	point(watcher->conflicts == 3 && watcher->winner == 0x1001 &&
	      watcher->loser == 0x1003, "told once each, and who");
	point_text("and what", watcher->conflict_text, "10.0.0.1");
	people.person[3].says.mtu = 1300;
	people_publish(&people, 3);
	people_run(&people, people.now + 5 * SECOND);
	point(watcher->conflicts == 3 && seen(0, 3)->lost_mac &&
	      seen(0, 3)->mtu == 1300, "said again, not told again");
	store_drop(watcher->store, 0x1001);
	point(!seen(0, 3)->lost_name && !seen(0, 3)->lost_mac &&
	      !seen(0, 3)->lost_addresses, "the winner goes, the other has it");
	point_number("the MAC too", watcher->mac_owner, 0x1003);
	people_connect(&people, 0, 1);
	people_run(&people, people.now + 5 * SECOND);
	point_number("it comes back", watcher->mac_owner, 0x1001);
	people.person[1].says.mac[5] = 77;
	people_publish(&people, 1);
	people_run(&people, people.now + 5 * SECOND);
	point_number("it takes another MAC", watcher->mac_owner, 0x1003);
	people.person[1].says.mac[5] = 1;
	people_publish(&people, 1);
	people_run(&people, people.now + 5 * SECOND);
	point_number("and the first again", watcher->mac_owner, 0x1001);
	people.person[1].certificate.not_before = PEOPLE_DATE;
	people.person[1].says.mtu = 1290;
	people_publish(&people, 1);
	people_run(&people, people.now + 5 * SECOND);
	point_number("its new certificate is the younger one",
		     watcher->mac_owner, 0x1003);
	people_stop(&people);
}

TEST(session, conflict_own)
{
	people_start(&people, 2);
	memcpy(people.person[1].says.mac, people.person[0].says.mac, 6);
	people_publish(&people, 0);
	people_publish(&people, 1);
	people_connect(&people, 0, 1);
	people_run(&people, people.now + SECOND);
	point(seen(1, 1)->lost_mac && people.person[1].conflicts == 1 &&
	      seen(0, 1)->lost_mac && !seen(0, 0)->lost_mac,
	      "a node knows that it lost");
	people_stop(&people);
}

/* Two keys of which the first eight bytes of the hash are the same. */
TEST(session, conflict_node)
{
	struct person *watcher = &people.person[0], *other = &people.person[2];
	struct record record;
	struct buf buf;

	people_start(&people, 3);
	people_publish(&people, 1);
	people_connect(&people, 0, 1);
	people_connect(&people, 0, 2);
	people_run(&people, people.now + SECOND);
	other->certificate.node = 0x1001;
	record = other->says;
	record.node = 0x1001;
	record.sequence = 50;
	record.issued = PEOPLE_DATE;
	record.expires = PEOPLE_DATE + 3600;
	buf = people_sign(other, &record);
	say(2, 0, &buf);
	people_run(&people, people.now + SECOND);
	point(seen(0, 1)->sequence == 1 && watcher->conflicts == 1 &&
	      watcher->conflict == CLAIM_NODE, "the younger one is refused");
	buf_free(&buf);
	other->certificate.not_before = 1;
	record.sequence = 51;
	buf = people_sign(other, &record);
	say(2, 0, &buf);
	people_run(&people, people.now + SECOND);
	point(seen(0, 1)->sequence == 51 && watcher->conflicts == 2,
	      "the older one is taken");
	point(people.person[1].conflicts == 1 && seen(1, 1)->sequence == 1,
	      "the node itself does not give way");
	buf_free(&buf);
	other->certificate.node = 0x1002;
	people_stop(&people);
}

/* SHA-256("meshlan mac" || 0x1001), its last five bytes, by another program. */
static const uint8_t derived[6] = { 0x02, 0x77, 0xd2, 0x15, 0x44, 0x3f };

TEST(session, derived)
{
	static const uint8_t ula[16] = { 0xfd, 1, 2, 3, 4, 5, 0, 0,
					 0, 0, 0, 0, 0, 0, 0x10, 0x01 };

	people_start(&people, 2);
	for (unsigned int i = 0; i < 2; i++) {
		struct record *says = &people.person[i].says;

		memcpy(says->mac, derived, 6);
		says->address[0].len = 16;
		memcpy(says->address[0].bytes, ula, 16);
		people_publish(&people, i);
	}
	people_connect(&people, 0, 1);
	people_run(&people, people.now + SECOND);
	point(seen(0, 0)->lost_mac && !seen(0, 1)->lost_mac,
	      "a MAC of one's own key beats an older certificate");
	point(seen(0, 0)->lost_addresses && !seen(0, 1)->lost_addresses,
	      "so does such an address");
	people_stop(&people);
}

/* --- hostile neighbours -------------------------------------------------- */

TEST(session, hostile_digests)
{
	struct message_digest digest[MESSAGE_DIGESTS_MAX];
	struct message message = {
		.type = MESSAGE_DIGESTS,
		.digests = { .count = MESSAGE_DIGESTS_MAX, .digest = digest },
	};
	uint64_t start;

	people_chain_up(&people, 4);
	for (unsigned int k = 0; k < 50; k++) {
		for (unsigned int i = 0; i < MESSAGE_DIGESTS_MAX; i++)
			digest[i] = (struct message_digest){
				.node = random_u64() | 1,
				.sequence = UINT64_MAX - i,
			};
		/* Everybody's too, and the victim's own. */
		for (unsigned int i = 0; i < 4; i++)
			digest[i].node = 0x1000 + i;
		people_send(&people, 0, 1, &message);
	}
	start = people.now;
	people.person[3].says.mtu = 1300;
	people_publish(&people, 3);
	people_run(&people, people.now + 5 * SECOND);
	for (unsigned int i = 1; i < 4; i++)
		point(seen(i, 3) && seen(i, 2) && seen(i, 1) &&
		      seen(i, 3)->mtu == 1300,
		      "10^5 made-up digests do not keep node %u from others", i);
	people_run(&people, start + MINUTE);
	point(people_agree(&people), "nor from the one that sent them");
	people_stop(&people);
}

TEST(session, hostile_records)
{
	struct store_status status;
	struct record forged;
	struct buf buf, old;
	uint8_t junk[200];

	people_chain_up(&people, 3);
	people_run(&people, people.now + SECOND);
	forged = people_example(&people.person[2]);
	forged.sequence = 99;
	buf = people_sign(&people.person[0], &forged);
	say(0, 1, &buf);
	people_run(&people, people.now + SECOND);
	point(seen(1, 2)->sequence == 1 && people.person[1].refused == 1,
	      "another's record, signed by oneself");
	buf_free(&buf);
	memset(&old, 0, sizeof(old));
	buf_add(&old, store_blob(people.person[1].store, 0x1002).data,
		store_blob(people.person[1].store, 0x1002).len);
	people.person[2].says.mtu = 1300;
	people_publish(&people, 2);
	people_run(&people, people.now + 3 * SECOND);
	say(0, 1, &old);
	people_run(&people, people.now + SECOND);
	point(seen(1, 2)->mtu == 1300, "an old record again");
	for (int i = 0; i < 100000; i++) {
		struct buf bytes = { .data = junk, .len = sizeof(junk) };

		memcpy(junk, old.data, sizeof(junk));
		random_bytes(junk + i % 190, 8);
		say(0, 1, &bytes);
		if (i % 1000 == 0)
			people_run(&people, people.now + 10 * MILLISECOND);
	}
	people.person[2].says.mtu = 1320;
	people_publish(&people, 2);
	people_run(&people, people.now + 4 * SECOND);
	store_status(people.person[1].store, &status);
	point(status.nodes == 2 && people.person[1].refused <= 3,
	      "10^5 that are none: %u complaints", people.person[1].refused);
	point(seen(1, 2)->mtu == 1320, "and others are heard meanwhile");
	buf_free(&old);
	people_stop(&people);
}

TEST(session, hostile_changes)
{
	struct record record;
	unsigned int changed;

	people_chain_up(&people, 3);
	people_run(&people, people.now + SECOND);
	changed = people.person[2].changed;
	for (unsigned int i = 0; i < 5000; i++) {
		struct buf buf;

		record = people_example(&people.person[0]);
		record.sequence = 100 + i;
		buf = people_sign(&people.person[0], &record);
		say(0, 1, &buf);
		buf_free(&buf);
		people_run(&people, people.now + MILLISECOND);
	}
	people_run(&people, people.now + 2 * SECOND);
	point(people.person[2].changed - changed <= 16,
	      "5000 records of its own in 5 s: %u pass",
	      people.person[2].changed - changed);
	people_stop(&people);
}

TEST(session, hostile_questions)
{
	uint64_t node[1000];
	struct message message = {
		.type = MESSAGE_RECORDS_ASK,
		.nodes = { .count = 1000, .node = node },
	};
	uint64_t records;

	people_chain_up(&people, 2);
	people_run(&people, people.now + SECOND);
	for (unsigned int i = 0; i < 1000; i++)
		node[i] = 0x1001;
	records = people.records;
	for (unsigned int i = 0; i < 100; i++)
		people_send(&people, 0, 1, &message);
	people_run(&people, people.now + SECOND);
	point(people.records - records <= 320,
	      "10^5 questions in a second: %" PRIu64 " answers",
	      people.records - records);
	people_stop(&people);
}
