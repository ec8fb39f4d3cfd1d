/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_PROBE_H
#define _MESHLAN_PROBE_H

#include "messages.h"
#include "path.h"

/* What path.c, path_state.c, path_move.c and probe.c share. */

/**
 * struct meshlan_came - a probe that came
 * @from: where from
 * @probe: what it says
 * @index: our name of the key it came under
 * @counter: its number under that key
 * @size: UDP payload
 * @now: when it came, nanoseconds
 */
struct meshlan_came {
	const struct meshlan_endpoint	*from;
	const struct meshlan_probe	*probe;
	u32				index;
	u64				counter;
	unsigned int			size;
	u64				now;
};

/* probe.c */
struct sk_buff *meshlan_probe_make(struct meshlan_path *path,
				   enum meshlan_probe_kind kind, u16 peer_id,
				   unsigned int size);
struct sk_buff *meshlan_probe_ask(struct meshlan_path *path, u64 now,
				  unsigned int size);
void meshlan_probe_note(struct meshlan_path *path,
			const struct meshlan_came *came);

/**
 * meshlan_probe_of() - the probe in a packet that is not sealed yet
 * @skb: begins with struct meshlan_header
 *
 * Return: what follows that.
 */
static inline struct meshlan_probe *meshlan_probe_of(struct sk_buff *skb)
{
	return (void *)(skb->data + sizeof(struct meshlan_header));
}

/* path_state.c */
enum hrtimer_restart meshlan_path_timer(struct hrtimer *timer);
bool meshlan_path_review(struct meshlan_path *path);
void meshlan_path_down(struct meshlan_path *path);
void meshlan_path_hurry(struct meshlan_path *path);
void meshlan_path_measured(struct meshlan_path *path);
void meshlan_path_rate(struct meshlan_path *path);
void meshlan_path_choose(struct meshlan_session *session);

/* path_move.c */
bool meshlan_path_is_at(struct meshlan_path *path,
			const struct meshlan_endpoint *from);
bool meshlan_path_is_between(struct meshlan_path *path,
			     const struct meshlan_endpoint *from);
void meshlan_path_place(struct meshlan_path *path,
			const struct meshlan_endpoint *endpoint);
void meshlan_path_follow(struct meshlan_path *path,
			 const struct meshlan_endpoint *from);
bool meshlan_stranger_probe(struct meshlan_session *session,
			    const struct meshlan_came *came);
void meshlan_stranger_data(struct meshlan_session *session, u16 peer_id,
			   const struct meshlan_endpoint *from);
bool meshlan_challenge_receive(struct meshlan_session *session,
			       const struct meshlan_came *came);
bool meshlan_echo_receive(struct meshlan_session *session,
			  const struct meshlan_came *came);

#endif /* _MESHLAN_PROBE_H */
