// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "session_people.h"

static struct people people;

static bool yes(void *data, struct span chain, uint64_t date,
		struct record_holder *holder, struct meshlan_error *why)
{
	struct certificate its;

	if (chain.len != sizeof(its))
		return false;
	memcpy(&its, chain.data, sizeof(its));
	holder->node = *(uint64_t *)data;
	memcpy(holder->key, its.key, sizeof(holder->key));
	holder->not_after = UINT64_MAX;
	return true;
}

static struct record example(struct person *person)
{
	struct record record = person->says;

	record.node = person->certificate.node;
	record.sequence = 7;
	record.issued = PEOPLE_DATE;
	record.expires = PEOPLE_DATE + 86400;
	record.endpoint_count = 2;
	addr_parse(&record.endpoint[0].addr, "192.0.2.1:9", 0);
	record.endpoint[0].kind = ENDPOINT_OBSERVED;
	addr_parse(&record.endpoint[1].addr, "[2001:db8::1]:9", 0);
	record.endpoint[1].kind = 77;
	return record;
}

TEST(session, record)
{
	struct meshlan_error why;
	struct record made, got;
	struct buf buf;
	uint64_t id;

	people_start(&people, 1);
	made = example(&people.person[0]);
	id = made.node;
	buf = people_sign(&people.person[0], &made);
	point(record_parse(&got, (struct span){ buf.data, buf.len }, &why) &&
	      record_verify(&got, yes, &id, PEOPLE_DATE, &why),
	      "made, read, verified: %zu bytes", buf.len);
	point(got.sequence == 7 && got.has_mac && got.mtu == 1360 &&
	      got.address_count == 1 && got.address[0].len == 4 &&
	      got.endpoint_count == 2 && got.endpoint[1].kind == 77 &&
	      addr_equal(&got.endpoint[1].addr, &made.endpoint[1].addr) &&
	      !strcmp(got.software, made.software), "what it says");
	point(!record_verify(&got, yes, &id, PEOPLE_DATE + 86400, &why),
	      "it expires");
	id++;
	point(!record_verify(&got, yes, &id, PEOPLE_DATE, &why),
	      "another node's certificate");
	buf_free(&buf);
	people_stop(&people);
}

TEST(session, record_altered)
{
	unsigned int good = 0, short_good = 0;
	struct meshlan_error why;
	struct record made, got;
	struct buf buf;
	uint64_t id;

	people_start(&people, 1);
	made = example(&people.person[0]);
	id = made.node;
	buf = people_sign(&people.person[0], &made);
	for (size_t i = 0; i < buf.len * 8; i++) {
		buf.data[i / 8] ^= 1 << i % 8;
		good += record_parse(&got, (struct span){ buf.data, buf.len },
				     &why) &&
			record_verify(&got, yes, &id, PEOPLE_DATE, &why);
		buf.data[i / 8] ^= 1 << i % 8;
	}
	for (size_t i = 0; i < buf.len; i++)
		short_good += record_parse(&got, (struct span){ buf.data, i },
					   &why);
	point_number("no bit can be altered", good, 0);
	point_number("no byte left out", short_good, 0);
	buf_add(&buf, "", 1);
	point(!record_parse(&got, (struct span){ buf.data, buf.len }, &why),
	      "none added");
	buf_free(&buf);
	people_stop(&people);
}

TEST(session, record_limits)
{
	struct meshlan_error why;
	struct buf buf;
	struct record made, got;
	uint8_t big[RECORD_MAX] = {0};

	people_start(&people, 1);
	made = example(&people.person[0]);
	made.chain = (struct span){ big, sizeof(big) };
	buf = people_sign(&people.person[0], &made);
	point(!buf.len, "too long to be made");
	made = example(&people.person[0]);
	made.mac[0] = 1;
	buf_free(&buf);
	buf = people_sign(&people.person[0], &made);
	point(!record_parse(&got, (struct span){ buf.data, buf.len }, &why),
	      "a group's MAC: %s", why.text);
	buf_free(&buf);
	made = example(&people.person[0]);
	made.expires = made.issued + 86400 * 31;
	buf = people_sign(&people.person[0], &made);
	point(!record_parse(&got, (struct span){ buf.data, buf.len }, &why),
	      "good for too long: %s", why.text);
	buf_free(&buf);
	people_stop(&people);
}

/* Bodies by hand: what a newer version, or somebody hostile, might send. */
TEST(session, record_members)
{
	static const struct {
		const char *name, *body;
		size_t len;
		bool good;
	} cases[] = {
#define CASE(n, b, g)	{ n, b, sizeof(b) - 1, g }
		CASE("the least", "\xa3\x01\x05\x02\x06\x0c\x41x", true),
		CASE("unknown members",
		     "\xa6\x01\x05\x02\x06\x0c\x41x"
		     "\x18\x64\x82\x01\xa1\x02\x03\x18\x65\x61y\x18\x66\xc1\xf6",
		     true),
		CASE("a member twice",
		     "\xa4\x01\x05\x02\x06\x0c\x41x\x01\x05", false),
		CASE("no node", "\xa2\x02\x06\x0c\x41x", false),
		CASE("node 0", "\xa3\x01\x00\x02\x06\x0c\x41x", false),
		CASE("sequence is text", "\xa3\x01\x05\x02\x61y\x0c\x41x",
		     false),
		CASE("2^64 members",
		     "\xbb\xff\xff\xff\xff\xff\xff\xff\xff\x01\x05", false),
		CASE("an array of 2^63",
		     "\xa4\x01\x05\x02\x06\x0c\x41x"
		     "\x18\x64\x9b\x80\0\0\0\0\0\0\0", false),
		CASE("a map of 2^63",
		     "\xa4\x01\x05\x02\x06\x0c\x41x"
		     "\x18\x64\xbb\x80\0\0\0\0\0\0\0", false),
		CASE("9 addresses",
		     "\xa4\x01\x05\x02\x06\x0c\x41x\x06\x89\x44""1234\x44""1234"
		     "\x44""1234\x44""1234\x44""1234\x44""1234\x44""1234\x44""1234"
		     "\x44""1234", false),
		CASE("address of 5 bytes",
		     "\xa4\x01\x05\x02\x06\x0c\x41x\x06\x81\x45""12345", false),
		CASE("a newline in the software",
		     "\xa4\x01\x05\x02\x06\x0c\x41x\x0b\x61\n", false),
		CASE("no definite length",
		     "\xa4\x01\x05\x02\x06\x0c\x41x\x18\x64\x9f\xff", false),
	};
	struct meshlan_error why;
	struct record record;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint8_t blob[256] = { 0x82, 0x58, cases[i].len };
		size_t len = 3;

		memcpy(blob + len, cases[i].body, cases[i].len);
		len += cases[i].len;
		memcpy(blob + len, "\x58\x40", 2);
		len += 2 + RECORD_SIGNATURE_SIZE;
		point(record_parse(&record, (struct span){ blob, len }, &why) ==
		      cases[i].good, "%s", cases[i].name);
	}
}

/* --- spreading ----------------------------------------------------------- */

static void chain_up(unsigned int count)
{
	people_start(&people, count);
	for (unsigned int i = 0; i < count; i++)
		people_publish(&people, i);
	for (unsigned int i = 1; i < count; i++)
		people_connect(&people, i - 1, i);
}

TEST(session, spread)
{
	uint64_t records;

	chain_up(10);
	people_run(&people, people.now + 3 * SECOND);
	point(people_agree(&people), "ten in a row");
	point_number("each record goes to each node once", people.records,
		     10 * 9);
	records = people.records;
	people.person[4].says.mtu = 1300;
	people_publish(&people, 4);
	people_run(&people, people.now + 3 * SECOND);
	point(people_agree(&people) &&
	      store_find(people.person[9].store, 0x1004)->mtu == 1300,
	      "a change");
	point_number("goes to each node once", people.records - records, 9);
	records = people.records;
	people_publish(&people, 4);
	people_connect(&people, 0, 1);
	people_run(&people, people.now + 3 * SECOND);
	point_number("nothing new, nothing sent", people.records - records, 0);
	people_run(&people, people.now + 13 * HOUR);
	point(people_agree(&people) &&
	      store_find(people.person[0].store, 0x1009)->sequence == 2,
	      "said again before it expires");
	people_stop(&people);
}

TEST(session, spread_chaos)
{
	unsigned int bad = 0;

	for (unsigned int seed = 1; seed <= 8; seed++) {
		unsigned int count = 50;

		srandom(seed);
		people_start(&people, count);
		for (unsigned int i = 0; i < count; i++)
			people_publish(&people, i);
		for (unsigned int i = 1; i < count; i++)
			people_connect(&people, i, random() % i);
		for (unsigned int i = 0; i < 300; i++) {
			unsigned int a = random() % count;
			unsigned int b = random() % count;
			unsigned int what = random() % 10;

			if (a == b)
				continue;
			if (what < 4 || (what < 7 && people.link[a][b]))
				people_connect(&people, a, b);
			else if (what < 7)
				people_publish(&people, a);
			else if (what < 9 && b < a && random() % 2)
				people_restart(&people, a, random() % 2);
			else
				people.person[a].says.mtu = 1280 + i % 100;
			people_run(&people, people.now +
				   random() % 40 * MILLISECOND);
		}
		people_run(&people, people.now + 20 * SECOND);
		if (!people_agree(&people) && bad++ < 3)
			printf("seed %u: no agreement\n", seed);
		people_stop(&people);
	}
	point_number("50 nodes, resets and restarts: all agree", bad, 0);
}

TEST(session, sequence)
{
	struct store_status status;

	chain_up(3);
	for (int i = 0; i < 5; i++) {
		people.person[0].says.mtu++;
		people_publish(&people, 0);
		people_run(&people, people.now + 3 * SECOND);
	}
	people_restart(&people, 0, true);
	store_status(people.person[0].store, &status);
	point_number("as kept, plus 1", status.sequence, 7);
	people_run(&people, people.now + SECOND);
	people_restart(&people, 0, false);
	people_run(&people, people.now + 5 * SECOND);
	store_status(people.person[0].store, &status);
	point(status.sequence == 8 && people_agree(&people),
	      "nothing kept: the newest that was heard, plus 1");
	people_stop(&people);
}

TEST(session, load)
{
	struct store_status status;
	struct span blob;
	struct store *new;

	chain_up(3);
	people_run(&people, people.now + SECOND);
	people_restart(&people, 0, true);
	new = people.person[0].store;
	people_part(&people, 0, 1);
	point(!store_find(new, 0x1002), "a new store is empty");
	blob = store_blob(people.person[1].store, 0x1002);
	point(store_load(new, blob, people.now) && store_find(new, 0x1002) &&
	      people.person[0].changed == 3, "what was kept is loaded");
	point(!store_load(new, blob, people.now), "not twice");
	blob.len--;
	point(!store_load(new, blob, people.now) &&
	      !store_load(new, (struct span){0}, people.now), "nor what is none");
	blob = store_blob(people.person[0].store, 0x1002);
	people_forget(&people, 2, false);
	store_load(people.person[2].store, blob, people.now);
	store_status(people.person[2].store, &status);
	point_number("its own tells the sequence", status.sequence, 1);
	people_stop(&people);
}

TEST(session, gone)
{
	struct store *store;

	chain_up(4);
	people_run(&people, people.now + 3 * SECOND);
	store = people.person[0].store;
	people.person[3].says.left = true;
	people_publish(&people, 3);
	people_run(&people, people.now + 3 * SECOND);
	point(!store_find(store, 0x1003) && store_blob(store, 0x1003).len &&
	      people.person[0].gone == 1, "a node left");
	people.revoked[people.revoked_count++] = 0x1002;
	store_drop(store, 0x1002);
	people_connect(&people, 0, 1);
	people_run(&people, people.now + 3 * SECOND);
	point(!store_find(store, 0x1002) && people.person[0].gone == 2,
	      "a revoked one is gone and does not come back");
	point(store_find(people.person[1].store, 0x1002), "one did not hear yet");
	store_recheck(people.person[1].store, people.now);
	people_run(&people, people.now + SECOND);
	point(!store_find(people.person[1].store, 0x1002), "until it looks again");
	people_part(&people, 0, 1);
	people_run(&people, people.now + 30 * HOUR);
	point(!store_find(store, 0x1001) && store_find(store, 0x1000) &&
	      people.person[0].gone == 3, "what nobody says again expires");
	people_stop(&people);
}

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

/* --- many ------------------------------------------------------------------- */

#define MANY	3000

/* One node knows many, another learns of them. */
TEST(session, many)
{
	struct person *person = &people.person[0];
	struct certificate *its = &person->certificate;
	struct store_status status;
	unsigned int loaded = 0;

	people_start(&people, 2);
	people_publish(&people, 0);
	for (unsigned int i = 0; i < MANY; i++) {
		struct record record = example(person);
		struct buf buf;

		its->node = 0x9000 + i * 7919 % MANY;
		snprintf(its->name, sizeof(its->name), "many-%u", i);
		record.node = its->node;
		memcpy(record.mac + 2, &i, 4);
		memcpy(record.address[0].bytes, &i, 4);
		record.address[0].bytes[3] = 172;
		buf = people_sign(person, &record);
		loaded += store_load(person->store,
				     (struct span){ buf.data, buf.len },
				     people.now);
		buf_free(&buf);
	}
	point_number("many are loaded", loaded, MANY);
	people_connect(&people, 0, 1);
	people_run(&people, people.now + 5 * SECOND);
	store_status(people.person[1].store, &status);
	point(status.nodes == MANY + 1 && status.accepted == MANY + 1 &&
	      !status.refused && !people.person[1].conflicts,
	      "many are learned: %zu", status.nodes);
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

	chain_up(4);
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

	chain_up(3);
	people_run(&people, people.now + SECOND);
	forged = example(&people.person[2]);
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

	chain_up(3);
	people_run(&people, people.now + SECOND);
	changed = people.person[2].changed;
	for (unsigned int i = 0; i < 5000; i++) {
		struct buf buf;

		record = example(&people.person[0]);
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

	chain_up(2);
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
