// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "state/sql.h"

/*
 * Every row has a digest of itself, which SQLite's own check of a file then
 * looks at as well: pages have no checksums. Tables are small and have no
 * index beside their key, so there is none that could differ from its table.
 */
const char *const schema_steps[] = {
	"CREATE TABLE number ("
	" which INTEGER PRIMARY KEY NOT NULL,"
	" value INTEGER NOT NULL,"
	" sum INTEGER NOT NULL CHECK (sum = digest(which, value)));"

	"CREATE TABLE token ("
	" id BLOB PRIMARY KEY NOT NULL,"
	" key BLOB NOT NULL,"
	" created INTEGER NOT NULL,"
	" expires INTEGER NOT NULL,"
	" uses INTEGER NOT NULL,"
	" uses_left INTEGER NOT NULL,"
	" client INTEGER NOT NULL,"
	" any_signer INTEGER NOT NULL,"
	" revoked INTEGER NOT NULL,"
	" name TEXT NOT NULL,"
	" note TEXT NOT NULL,"
	" sum INTEGER NOT NULL CHECK (sum = digest(id, key, created, expires,"
	"  uses, uses_left, client, any_signer, revoked, name, note))"
	") WITHOUT ROWID;"

	"CREATE TABLE issued ("
	" serial BLOB PRIMARY KEY NOT NULL,"
	" request BLOB NOT NULL,"
	" token BLOB NOT NULL,"
	" node INTEGER NOT NULL,"
	" name TEXT NOT NULL,"
	" client INTEGER NOT NULL,"
	" starts INTEGER NOT NULL,"
	" expires INTEGER NOT NULL,"
	" revoked INTEGER NOT NULL,"
	" chain BLOB NOT NULL,"
	" sum INTEGER NOT NULL CHECK (sum = digest(serial, request, token,"
	"  node, name, client, starts, expires, revoked, chain))"
	") WITHOUT ROWID;"

	"CREATE TABLE node ("
	" node INTEGER PRIMARY KEY NOT NULL,"
	" name TEXT NOT NULL,"
	" seen INTEGER NOT NULL,"
	" addrs BLOB NOT NULL,"
	" sum INTEGER NOT NULL CHECK (sum = digest(node, name, seen, addrs)));",

	"CREATE TABLE record ("
	" node INTEGER PRIMARY KEY NOT NULL,"
	" sequence INTEGER NOT NULL,"
	" blob BLOB NOT NULL,"
	" sum INTEGER NOT NULL CHECK (sum = digest(node, sequence, blob)));",
};

const int schema_version = sizeof(schema_steps) / sizeof(*schema_steps);
