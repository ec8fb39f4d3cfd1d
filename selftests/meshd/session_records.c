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

TEST(session, record)
{
	struct meshlan_error why;
	struct record made, got;
	struct buf buf;
	uint64_t id;

	people_start(&people, 1);
	made = people_example(&people.person[0]);
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
	made = people_example(&people.person[0]);
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
	made = people_example(&people.person[0]);
	made.chain = (struct span){ big, sizeof(big) };
	buf = people_sign(&people.person[0], &made);
	point(!buf.len, "too long to be made");
	made = people_example(&people.person[0]);
	made.mac[0] = 1;
	buf_free(&buf);
	buf = people_sign(&people.person[0], &made);
	point(!record_parse(&got, (struct span){ buf.data, buf.len }, &why),
	      "a group's MAC: %s", why.text);
	buf_free(&buf);
	made = people_example(&people.person[0]);
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

TEST(session, spread)
{
	uint64_t records;

	people_chain_up(&people, 10);
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

	people_chain_up(&people, 3);
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

	people_chain_up(&people, 3);
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

	people_chain_up(&people, 4);
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
		struct record record = people_example(person);
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
