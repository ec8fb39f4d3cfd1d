// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */

/*
 * The table once more, slow and plain, and random operations on both. Part of
 * fdb.c, which includes it.
 */

#define MODEL_LIMIT		30
#define MODEL_NODE_LIMIT	8
#define MODEL_AGE		300
#define MODEL_STEPS		50000
#define MODEL_ALL		U64_MAX	/* nodes */

struct model_entry {
	enum meshlan_fdb_type	type;	/* 0: not there */
	u64			node;
	unsigned long		used;
	unsigned long		move[64];
	unsigned int		moves;
	bool			frozen;
};

static struct {
	struct model_entry	at[MACS][VLANS];
	unsigned int		full;
	unsigned int		frozen;
	unsigned int		moved;
	unsigned int		conflict;
	int			own;
} model;

static unsigned int model_learned(u64 node)
{
	unsigned int m, v, n = 0;

	for (m = 0; m < MACS; m++)
		for (v = 0; v < VLANS; v++)
			if (model.at[m][v].type == MESHLAN_FDB_TYPE_LEARNED &&
			    (node == MODEL_ALL || model.at[m][v].node == node))
				n++;
	return n;
}

static struct model_entry *model_find(unsigned int m, unsigned int v)
{
	struct model_entry *untagged = &model.at[m][0];

	if (!model.at[m][v].type &&
	    (untagged->type == MESHLAN_FDB_TYPE_LOCAL ||
	     untagged->type == MESHLAN_FDB_TYPE_CERTIFIED))
		return untagged;
	return &model.at[m][v];
}

static void model_move(struct model_entry *e, u64 node)
{
	unsigned int i, recent = 0;
	unsigned long since = 0;

	if (e->moves) {
		since = fdb_test_now - e->move[e->moves - 1];
		if (since < MESHLAN_FDB_MOVE_DELAY)
			return;
	}
	if (e->frozen && since < MESHLAN_FDB_FREEZE_TIME) {
		model.frozen++;
		return;
	}
	if (model_learned(node) >= MODEL_NODE_LIMIT) {
		model.full++;
		return;
	}
	if (e->moves == ARRAY_SIZE(e->move))
		memmove(e->move, e->move + 1, --e->moves * sizeof(*e->move));
	e->move[e->moves++] = fdb_test_now;
	e->node = node;
	e->used = fdb_test_now;
	model.moved++;
	for (i = 0; i < e->moves; i++)
		if (fdb_test_now - e->move[i] < MESHLAN_FDB_FREEZE_TIME)
			recent++;
	e->frozen = recent >= MESHLAN_FDB_FREEZE_MOVES;
}

static bool model_learn(unsigned int m, unsigned int v, u64 node)
{
	struct model_entry *e = model_find(m, v);

	if (!e->type) {
		if (model_learned(MODEL_ALL) >= MODEL_LIMIT ||
		    model_learned(node) >= MODEL_NODE_LIMIT) {
			model.full++;
			return true;
		}
		memset(e, 0, sizeof(*e));
		e->type = MESHLAN_FDB_TYPE_LEARNED;
		e->node = node;
		e->used = fdb_test_now;
	} else if (e->node == node) {
		e->used = fdb_test_now;
	} else if (e->type == MESHLAN_FDB_TYPE_LOCAL) {
		return false;
	} else if (e->type == MESHLAN_FDB_TYPE_LEARNED) {
		model_move(e, node);
	} else {
		model.conflict++;
	}
	return true;
}

static int model_set(unsigned int m, unsigned int v, u64 node,
		     enum meshlan_fdb_type type, bool replace)
{
	struct model_entry *e = &model.at[m][v];
	unsigned int i;

	if (e->type == MESHLAN_FDB_TYPE_LOCAL)
		return -EADDRINUSE;
	if (!e->type && replace)
		return -ENOENT;
	if (e->type && e->type != MESHLAN_FDB_TYPE_LEARNED && !replace)
		return -EEXIST;
	if (!e->type)
		e->used = fdb_test_now;
	e->type = type;
	e->node = node;
	e->moves = 0;
	e->frozen = false;
	for (i = 0; i < VLANS; i++)
		if (!v && type != MESHLAN_FDB_TYPE_STATIC &&
		    model.at[m][i].type == MESHLAN_FDB_TYPE_LEARNED)
			model.at[m][i].type = 0;
	return 0;
}

static int model_del(unsigned int m, unsigned int v)
{
	struct model_entry *e = &model.at[m][v];

	if (!e->type)
		return -ENOENT;
	if (e->type == MESHLAN_FDB_TYPE_LOCAL)
		return -EADDRINUSE;
	e->type = 0;
	return 0;
}

static void model_own(unsigned int m)
{
	if ((int)m == model.own ||
	    model_set(m, 0, 0, MESHLAN_FDB_TYPE_LOCAL, false))
		return;
	model.at[model.own][0].type = 0;
	model.own = m;
}

static void model_forget(u64 node, bool old)
{
	struct model_entry *e;
	unsigned int m, v;

	for (m = 0; m < MACS; m++) {
		for (v = 0; v < VLANS; v++) {
			e = &model.at[m][v];
			if (e->type == MESHLAN_FDB_TYPE_LEARNED &&
			    (old ? fdb_test_now - e->used >= MODEL_AGE * HZ :
				   e->node == node))
				e->type = 0;
		}
	}
}

/* Tell of the first difference only: what follows is its consequence. */
static bool model_same(const char *what, s64 table, s64 model)
{
	if (table != model)
		pr_err("%s: %lld in the table, %lld in the model\n", what,
		       table, model);
	return table == model;
}

/* One random operation on both. */
static bool model_step(void)
{
	enum meshlan_fdb_type type = MESHLAN_FDB_TYPE_STATIC;
	unsigned int r = get_random_u32();
	unsigned int m = r % MACS, v = (r >> 8) % VLANS;
	u64 node = 1 + (r >> 16) % NODES;
	bool flag = r & BIT(31);
	int own = model.own;

	r = get_random_u32() % 1000;
	if (r < 600)
		return model_same("learn", learn(node % NODES, m, v),
				  model_learn(m, v, node % NODES));
	if (r < 640) {
		if (r & 1)
			type = MESHLAN_FDB_TYPE_CERTIFIED;
		return model_same("set", set(m, v, node, type, flag),
				  model_set(m, v, node, type, flag));
	}
	if (r < 720)
		return model_same("del", del(m, v), model_del(m, v));
	if (r < 725) {
		model_own(m);
		fdb_test_own(own, m);
	} else if (r < 735) {
		t.peer[node].dead = true;
		meshlan_fdb_flush_node(t.mdev, node);
		t.peer[node].dead = false;
		model_forget(node, false);
	} else if (r < 780) {
		meshlan_fdb_age_out(t.mdev);
		model_forget(0, true);
	} else if (r < 990) {
		fdb_test_now += get_random_u32() % (HZ / 5);
	} else {
		fdb_test_now += get_random_u32() % (200 * HZ);
	}
	return true;
}

/* Learned of this node itself: told as local, looked up as unknown. */
static bool model_here(const struct model_entry *e)
{
	return e->type == MESHLAN_FDB_TYPE_LEARNED && !e->node;
}

static s64 model_look(const struct model_entry *e)
{
	return e->type && !model_here(e) ? (s64)e->node : -1;
}

static bool model_same_entry(unsigned int m, unsigned int v)
{
	const struct model_entry *e = &model.at[m][v], *f = model_find(m, v);
	struct meshlan_fdb_key key = fdb_test_key(m, v);
	struct meshlan_fdb_info info = {};

	meshlan_fdb_get(t.mdev, &key, &info);
	return model_same("type", info.type, model_here(e) ?
			  MESHLAN_FDB_TYPE_LOCAL : e->type) &&
	       (!e->type || model_same("node", info.node, e->node)) &&
	       model_same("ages", info.ages,
			  e->type == MESHLAN_FDB_TYPE_LEARNED) &&
	       model_same("lookup", look(m, v), model_look(f)) &&
	       model_same("here", meshlan_fdb_is_here(t.mdev, &key),
			  f->type && !f->node);
}

static bool model_compare(void)
{
	unsigned int m, v;
	u64 node;

	for (m = 0; m < MACS; m++)
		for (v = 0; v < VLANS; v++)
			if (!model_same_entry(m, v))
				return false;
	for (node = 1; node <= NODES; node++)
		if (!model_same("count", t.peer[node].count,
				model_learned(node)))
			return false;
	return model_same("learned", t.mdev->fdb.learned,
			  model_learned(MODEL_ALL)) &&
	       model_same("here", t.mdev->fdb.here.count, model_learned(0)) &&
	       model_same("full", t.count[MESHLAN_COUNTER_FDB_FULL],
			  model.full) &&
	       model_same("frozen", t.count[MESHLAN_COUNTER_FDB_FROZEN],
			  model.frozen) &&
	       model_same("moved", t.count[MESHLAN_COUNTER_FDB_MOVED],
			  model.moved) &&
	       model_same("conflict", t.count[MESHLAN_COUNTER_FDB_CONFLICT],
			  model.conflict);
}

static void random_model(struct kunit *test)
{
	unsigned int i;

	memset(&model, 0, sizeof(model));
	t.mdev->fdb.limit = MODEL_LIMIT;
	t.mdev->fdb.node_limit = MODEL_NODE_LIMIT;
	model_set(0, 0, 0, MESHLAN_FDB_TYPE_LOCAL, false);
	fdb_test_own(-1, 0);
	for (i = 0; i < MODEL_STEPS; i++) {
		if (!model_step() || (i % 16 == 0 && !model_compare()))
			break;
		fdb_test_batch();
		cond_resched();
	}
	KUNIT_EXPECT_EQ(test, i, MODEL_STEPS);
	/* Nothing is proved by a run in which nothing happened. */
	KUNIT_EXPECT_GT(test, model.full, 0);
	KUNIT_EXPECT_GT(test, model.frozen, 0);
	KUNIT_EXPECT_GT(test, model.moved, 0);
	KUNIT_EXPECT_GT(test, model.conflict, 0);
}
