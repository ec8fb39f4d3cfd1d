// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "window.h"

#include <linux/bitmap.h>
#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/slab.h>

/**
 * meshlan_window_new() - make a window that has seen nothing
 * @size: how many counters it looks back, a power of two
 * @gfp: how to allocate
 *
 * Return: the window, or NULL if there is no memory.
 */
struct meshlan_window *meshlan_window_new(unsigned int size, gfp_t gfp)
{
	struct meshlan_window *window;

	if (WARN_ON_ONCE(!is_power_of_2(size)))
		return NULL;
	window = kzalloc(struct_size(window, bits, BITS_TO_LONGS(size)), gfp);
	if (!window)
		return NULL;
	spin_lock_init(&window->lock);
	window->size = size;
	return window;
}

/**
 * meshlan_window_free() - free a window
 * @window: nobody uses it any more; may be NULL
 */
void meshlan_window_free(struct meshlan_window *window)
{
	kfree(window);
}

/* What the old window cannot tell of any more counts as received. */
static void window_copy(struct meshlan_window *window,
			const struct meshlan_window *old)
{
	u64 i, known = min_t(u64, old->size, old->next), counter;

	window->next = old->next;
	window->packets = old->packets;
	window->bytes = old->bytes;
	bitmap_fill(window->bits, window->size);
	for (i = 1; i <= known; i++) {
		counter = old->next - i;
		if (!test_bit(counter & (old->size - 1), old->bits))
			__clear_bit(counter & (window->size - 1),
				    window->bits);
	}
}

/* From now on all is old. */
static void window_close(struct meshlan_window *window)
{
	window->next = U64_MAX;
	bitmap_fill(window->bits, window->size);
}

/**
 * meshlan_window_widen() - let a window look back further
 * @slot: where its lane has it; nothing happens if it is not made yet
 * @size: how many counters it shall look back, a power of two
 *
 * Who holds the old window still finds that it takes nothing any more.
 *
 * Context: The caller is the only one who replaces windows; may sleep.
 */
void meshlan_window_widen(struct meshlan_window __rcu **slot,
			  unsigned int size)
{
	struct meshlan_window *old = rcu_dereference_protected(*slot, true);
	struct meshlan_window *window;

	if (!old || old->size >= size)
		return;
	window = meshlan_window_new(size, GFP_KERNEL_ACCOUNT);
	if (!window)
		return;
	spin_lock_bh(&old->lock);
	window_copy(window, old);
	window_close(old);
	rcu_assign_pointer(*slot, window);
	spin_unlock_bh(&old->lock);
	kfree_rcu(old, rcu);
}

/* The top counter is not usable: "one more" than it does not exist. */
static bool window_is_new(const struct meshlan_window *window, u64 counter)
{
	if (counter >= window->next)
		return counter != U64_MAX;
	if (window->next - counter > window->size)
		return false;
	return !test_bit(counter & (window->size - 1), window->bits);
}

/* Forget what stood in the places of the counters from next to counter. */
static void window_advance(struct meshlan_window *window, u64 counter)
{
	unsigned int start = window->next & (window->size - 1);
	u64 n = counter - window->next + 1;
	unsigned int first;

	if (n >= window->size) {
		bitmap_zero(window->bits, window->size);
	} else {
		first = min_t(unsigned int, n, window->size - start);
		bitmap_clear(window->bits, start, first);
		bitmap_clear(window->bits, 0, n - first);
	}
	window->next = counter + 1;
}

/**
 * meshlan_window_check() - may a packet with this counter be new
 * @window: the lane's window
 * @counter: from a packet that is not verified yet
 *
 * Context: BH off.
 * Return: false if the counter was committed before or is too old to tell.
 */
bool meshlan_window_check(struct meshlan_window *window, u64 counter)
{
	bool is_new;

	spin_lock(&window->lock);
	is_new = window_is_new(window, counter);
	spin_unlock(&window->lock);
	return is_new;
}

/**
 * meshlan_window_commit() - note the counter of a verified packet
 * @window: the lane's window
 * @counter: its counter
 * @bytes: its UDP payload
 *
 * Context: BH off.
 * Return: false if it was committed in the meantime; then nothing changed.
 */
bool meshlan_window_commit(struct meshlan_window *window, u64 counter,
			   unsigned int bytes)
{
	bool is_new;

	spin_lock(&window->lock);
	is_new = window_is_new(window, counter);
	if (is_new) {
		if (counter >= window->next)
			window_advance(window, counter);
		__set_bit(counter & (window->size - 1), window->bits);
		window->packets++;
		window->bytes += bytes;
	}
	spin_unlock(&window->lock);
	return is_new;
}
