# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
# shellcheck shell=bash
#
# The stacks meshlan-chacha and meshlan-aes: a device of default settings each,
# on a port of its own, with keys drawn for this run.

stack_meshlan_chacha() { meshlan "$1" "$2" chacha20-poly1305; }
stack_meshlan_aes() { meshlan "$1" "$2" aes-256-gcm; }

meshlan() { # DEVICE NUMBER CIPHER
	local a=000000000000000a b=000000000000000b

	meshlan_end "$A" "$1" "4000$2" $a $b 10.77.0.2 &&
		meshlan_end "$B" "$1" "4000$2" $b $a 10.77.0.1 &&
		meshlan_keys "$1" $a $b "$3"
}

meshlan_end() { # NAMESPACE DEVICE PORT NODE OTHER-NODE OTHERS-ADDRESS
	in_ns "$1" meshctl dev add "$2" port "$3" node "$4" &&
		ip -n "$1" link set "$2" up &&
		in_ns "$1" meshctl session add "$2" "$5" &&
		in_ns "$1" meshctl path add "$2" "$5" remote "$6:$3" >/dev/null
}

# Both ends draw an index and a nonce, and are told the other's.
meshlan_keys() { # DEVICE NODE-A NODE-B CIPHER
	local secret key_a key_b

	secret=$(meshctl genkey) &&
		key_a=$(in_ns "$A" meshctl -j key new "$1" "$3") &&
		key_b=$(in_ns "$B" meshctl -j key new "$1" "$2") &&
		meshlan_key "$A" "$1" "$3" "$4" "$key_a" "$key_b" <<<"$secret" &&
		meshlan_key "$B" "$1" "$2" "$4" "$key_b" "$key_a" <<<"$secret" &&
		in_ns "$A" meshctl key use "$1" "$3" "$(jq -r .index <<<"$key_a")" &&
		in_ns "$B" meshctl key use "$1" "$2" "$(jq -r .index <<<"$key_b")"
}

# The secret comes on standard input.
meshlan_key() { # NAMESPACE DEVICE OTHER-NODE CIPHER OWN-KEY OTHERS-KEY
	in_ns "$1" meshctl key set "$2" "$3" "$(jq -r .index <<<"$5")" \
		peer-index "$(jq -r .index <<<"$6")" \
		peer-nonce "$(jq -r .nonce <<<"$6")" \
		cipher "$4" secret-file -
}
