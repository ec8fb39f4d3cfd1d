#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Who is refused, and that it is seen: strangers with certificates of many
# kinds, tokens that are no good, a proof that was used, another PSK. A join on
# the wire tells no secret. A revoked node neither gets nor brings anything. A
# member can do nothing to others. Signers elsewhere, renewal, 1970.
# meshlan-test: time=180 mem=512M
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/hosts.sh"

hosts a b c d evil x
lan eth0 1 a b c d evil x
port=23731
since() { :; }
stranger() { on evil "$TOP/build/selftests/stranger" "$@"; }
token() { value a .token token create "$@"; }
refused() { # CAUSE: how often by a
	value a .text metrics |
		sed -n "s/^meshlan_refused_total{.*cause=\"$1\".*} //p"
}
logged() { grep -q "$1" "$T/a/log"; }
seen() { # POINT CAUSE LOGGED
	check "$1: counted" wait_for 3 test "$(refused "$2")" -gt 0
	check "$1: in the log" wait_for 3 logged "$3"
}

for h in a b c d x; do daemon "$h"; done
check "init" ctl a init name a
on a tcpdump -i eth0 -s 0 -U -w "$T/wire" udp 2>"$T/tcpdump" &
at_end "kill $!"
wait_for 5 grep -q listening "$T/tcpdump"
wire=$(token)
check "b joins" ctl b join "$wire" name b
check "c joins" ctl c join "$(token)" name c

# --- a join on the wire -----------------------------------------------------------

sleep 0.3
check "the wire was heard" test "$(stat -c %s "$T/wire")" -gt 4000
tells() { # what of the secrets is on the wire, in text or in bytes
	python3 - "$T/wire" <<-END
	import base64, re, sys
	wire = open(sys.argv[1], "rb").read()
	found = []
	lib = "$T/a/lib/home/"
	secret = re.search(r"secret (\w+)", open(lib + "network").read())[1]
	if bytes.fromhex(secret) in wire or secret.encode() in wire:
	    found.append("network secret")
	for node in "a", "b":
	    pem = open("$T/" + node + "/lib/home/node.pem").read()
	    key = re.search("PRIVATE KEY-----(.*?)-----END", pem, re.S)[1]
	    if base64.b64decode(key)[-32:] in wire:
	        found.append("key of " + node)
	token = "$wire".split("-", 1)[1]
	bits = ""
	for c in token:
	    bits += format("0123456789abcdefghjkmnpqrstvwxyz".index(c), "05b")
	data = int(bits, 2).to_bytes((len(bits) + 7) // 8, "big")
	for shift in range(8):
	    b = bits[shift:]
	    b = b[:len(b) // 8 * 8]
	    data = int(b, 2).to_bytes(len(b) // 8, "big")
	    for at in range(16, min(56, len(data) - 16)):
	        if data[at:at + 16] in wire:
	            found.append("part of the token")
	            break
	if token[:40].encode() in wire:
	    found.append("token's text")
	print(", ".join(found))
	END
}
is "a join on the wire tells neither token nor key" "$(tells)" ""

# --- certificates that are no good ---------------------------------------------------

home=$T/a/lib/home
pki=$T/pki
mkdir "$pki"
id_of() { value "$1" .node status; }
own() { # FILE PREFIX: key and certificates of a stored identity
	sed -n '/BEGIN.*PRIVATE/,/END.*PRIVATE/p' "$1" >"$2.key"
	sed -n '/BEGIN CERT/,/END CERT/p' "$1" >"$2.crt"
}
own "$home/authority.pem" "$pki/ca"
own "$T/b/lib/home/node.pem" "$pki/b"
cat >"$pki/openssl.conf" <<END
[ca]
default_ca = all
[all]
dir = $pki
database = $pki/index
serial = $pki/serial
new_certs_dir = $pki
default_md = default
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
[req]
distinguished_name = any_name
[any_name]
END
: >"$pki/index"
echo 1000 >"$pki/serial"
certify() { # FILE CA NAME ID KEY START END
	cat >"$pki/ext" <<-END
	basicConstraints = critical, CA:FALSE
	keyUsage = critical, digitalSignature
	subjectAltName = URI:meshlan://home/$4
	END
	openssl req -new -key "$5" -subj "/CN=$3" -config "$pki/openssl.conf" \
		-out "$pki/csr" && openssl ca -batch -notext \
		-config "$pki/openssl.conf" -cert "$2.crt" -keyfile "$2.key" \
		-extfile "$pki/ext" -startdate "$6" -enddate "$7" \
		-in "$pki/csr" -out "$1"
} 2>>"$pki/log"
spki_id() { # KEY: the node id that belongs to it
	openssl pkey -in "$1" -pubout -outform DER | sha256sum | cut -c 1-16
}
openssl genpkey -algorithm ed25519 -out "$pki/new.key" 2>/dev/null
openssl genpkey -algorithm ed25519 -out "$pki/bad.key" 2>/dev/null
openssl req -x509 -new -key "$pki/bad.key" -subj /CN=home -days 30 \
	-out "$pki/bad.crt" 2>/dev/null
new=$(spki_id "$pki/new.key")
now() { date -u -d "$1" +%Y%m%d%H%M%SZ; }
from=$(now -2hours)
till=$(now +2days)
is "the id of a key is as meshd has it" "$(spki_id "$pki/b.key")" "$(id_of b)"

certify "$pki/good.crt" "$pki/ca" good "$new" "$pki/new.key" "$from" "$till"
cat "$pki/ca.crt" >"$pki/roots"
is "a good certificate is taken (so these tests can tell)" "$(stranger \
	10.1.0.1:$port "$pki/good.crt" "$pki/new.key")" "is taken for a node"

bad() { # POINT CAUSE LOGGED CHAIN KEY [PSK]
	local before out

	before=$(refused "$2")
	out=$(stranger 10.1.0.1:$port "${@:4}")
	diag "$1: $out"
	check "$1: is refused" test "$out" != "is taken for a node" -a \
		"$out" != "nothing was said" -a -n "$out"
	check "$1: counted" test "$(refused "$2")" -gt "${before:-0}"
	check "$1: in the log" logged "$3"
}
certify "$pki/1.crt" "$pki/bad" good "$new" "$pki/new.key" "$from" "$till"
bad "another CA" wrong-ca 'refused 10.1.0.5.*CA' "$pki/1.crt" "$pki/new.key"
certify "$pki/2.crt" "$pki/ca" good "$new" "$pki/new.key" \
	"$(now -3days)" "$(now -1days)"
bad "expired" expired 'refused 10.1.0.5.*\(expired\|ended\|past\)' \
	"$pki/2.crt" "$pki/new.key"
certify "$pki/3.crt" "$pki/ca" c "$(id_of c)" "$pki/new.key" "$from" "$till"
bad "the id of another" id 'refused 10.1.0.5.*\(id\|key\)' \
	"$pki/3.crt" "$pki/new.key"
certify "$pki/4.crt" "$pki/b" c "$(id_of c)" "$pki/b.key" "$from" "$till"
cat "$pki/b.crt" >>"$pki/4.crt"
bad "a stolen node key signs for another's name" wrong-ca \
	'refused 10.1.0.5' "$pki/4.crt" "$pki/b.key"
secret=$(meshctl genkey)
bad "another PSK" psk 'refused.*PSK' "$pki/good.crt" "$pki/new.key" "$secret"
check "others are unaffected" all_ping a b c

# --- tokens that are no good ----------------------------------------------------------

bad_token() { # POINT CAUSE TOKEN
	refuse "$1: one line says so" last_words x join "$3" name x
	seen "$1" "join-$2" "a join from 10.1.0.6.*($2)"
}
last_words() { # NAME ARGUMENT...: of meshctl, without how it goes on
	local rc=0

	ctl "$@" 2>"$T/words" || rc=$?
	grep -v '^ *[0-9.]* s  ' "$T/words" >&2
	return $rc
}
bad_token "a used token" token-used "$wire"
ends=$(token expires 1s)
gone=$(ctl a -j token create)
check "token revoke" ctl a token revoke "$(jq -r .id <<<"$gone")"
bad_token "a revoked token" token-revoked "$(jq -r .token <<<"$gone")"
is "token list tells them apart" "$(value a \
	'[.[].state] | unique | join(",")' token list | grep -c 'revoked.*used up')" 1
sleep 1.5
bad_token "an expired token" token-expired "$ends"
replayed=$(token)
out=$(stranger replay 10.1.0.1:$port "$replayed")
diag "replay: $out"
check "a proof that is used again is refused" grep -q secret <<<"$out"
seen "a proof used again" join-token-wrong 'a join from 10.1.0.5.*(token-wrong)'
is "... which spends no use" "$(value a "[.[] | select(.id == \"$(value a \
	'.[-1].id' token list)\")][0].uses_left" token list)" 1
check "doctor tells of them" grep -q 'joins refused: token-used' \
	<(ctl a doctor || true)

# --- members can do nothing to others -----------------------------------------------------

refuse "a member revokes nobody" ctl b node revoke c
refuse "a member makes no token" ctl b token create
refuse "a member makes no signer" ctl b signer add c
check "a member disconnects itself" ctl b disconnect c
on c ping -q -i 0.01 -c 100 "$(address a)" >"$T/ping"
check "... and nobody else" grep -q ' 0% packet loss' "$T/ping"
check "connect" ctl b connect c
check "... and they are together again" wait_for 10 all_ping b c

# --- the signer is elsewhere -----------------------------------------------------------------

lan eth1 2 b d
check "d, who reaches b alone, joins by a" ctl d join \
	"$(token address 10.2.0.1:$port)" name d
check "d reaches all" wait_for 15 all_ping a b d
check "signer add" ctl a signer add b
is_signer() { [ "$(value b .signer status)" = true ]; }
check "b is a signer" wait_for 10 is_signer
check "token create at b, join at b" ctl x join \
	"$(value b .token token create)" name x
check "x, whom b admitted, reaches all" wait_for 15 all_ping a b c x
serial() { value "$1" .certificate.serial status; }
was=$(serial c)
renewed() { [ "$(serial c)" != "$was" ]; }
on c ping -q -i 0.01 -w 4 "$(address a)" >"$T/ping" &
pinger=$!
check "node renew" ctl c node renew
check "c has another certificate" wait_for 10 renewed
wait $pinger
check "... and lost nothing" grep -q ' 0% packet loss' "$T/ping"
refuse "a name of nobody" ctl a node revoke nobody

# --- revoked under traffic ------------------------------------------------------------------

ac=$(address c)
aa=$(address a)
ab=$(address b)
own "$T/c/lib/home/node.pem" "$pki/c"
for to in "$aa" "$ab"; do
	on c ping -q -i 0.01 "$to" >/dev/null 2>&1 &
	at_end "kill $!"
done
for from in a b; do
	on $from ping -q -i 0.01 "$ac" >/dev/null 2>&1 &
	at_end "kill $!"
done
packets() { on c cat "/sys/class/net/mesh0/statistics/rx_packets"; }
heard() { # NAME: packets from c
	on "$1" timeout 2 tcpdump -i mesh0 -n -e -p "src $ac" 2>/dev/null \
		>"$T/heard"
	grep -c IP "$T/heard"
}
check "(there is traffic)" test "$(heard a)" -gt 20
stall_reset
t0=$(now_ms)
check "node revoke" ctl a node revoke c
told() { grep -q 'c is sent away' "$T/$1/log"; }
check "a and b send c away" wait_for 5 eval "told a && told b"
timed "a revocation reaches all" 3000 $(($(now_ms) - t0))
sleep 0.2
before=$(packets)
is "a gets nothing from c any more" "$(heard a)" 0
is "b gets nothing from c any more" "$(heard b)" 0
is "c gets nothing any more" "$(packets)" "$before"
check "the others are unaffected" all_ping a b x
is "node list shows it" "$(value a \
	'[.[] | select(.name == "c" and .revoked)] | length > 0' node list)" true
kill_daemon a
daemon a
no_session() { ! ctl a -j session list mesh0 | grep -q "$(id_of c)"; }
check "after a restart c is still out" wait_for 10 no_session
check "... and the others are back" wait_for 15 all_ping a b x
bad "a revoked node" revoked 'refused 10.1.0.5.*revoked' "$pki/c.crt" \
	"$pki/c.key"

# --- certificates of files, and leaving ---------------------------------------------------------

sed -n 's/^secret //p' "$home/network" >"$pki/secret"
conf evil "[identity]" "ca = $pki/ca.crt" "certificate = $pki/good.crt" \
	"key = $pki/new.key" "network-secret-file = $pki/secret" \
	"[peers]" "peer = 10.1.0.1:$port"
daemon evil
check "a node by own files" wait_for 15 all_ping evil a
diag "$(tail -n 5 "$T/evil/log")"
check "leave" ctl x leave
gone_from() { [ "$(value a '[.[].name] | index("x")' nodes)" = null ]; }
check "who left is no node any more" wait_for 5 gone_from
check "x joins again by its name" ctl x join "$(token)" name x
check "... and reaches all" all_ping x a

# --- 1970 -------------------------------------------------------------------------------------------

for h in a x; do kill_daemon $h -TERM; done
date -s @3600 >/dev/null
for h in a x; do daemon $h; done
check "hosts that think it is 1970 connect" wait_for 20 all_ping a x
