#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# One command makes a network, one more joins it: then each node pings each
# other one.
# meshlan-test: time=240
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/hosts.sh"
cat >$T/rpc.py <<'E'
import socket,sys,json
s=socket.socket(socket.AF_UNIX); s.connect("/run/meshlan/home.sock")
p=json.loads(sys.argv[2]) if len(sys.argv)>2 else {}
s.sendall((json.dumps({"jsonrpc":"2.0","id":1,"method":sys.argv[1],"params":p})+"\n").encode())
f=s.makefile()
for l in f:
    d=json.loads(l)
    if "id" in d:
        print(json.dumps(d.get("result",d.get("error"))),flush=True); break
    print(l,file=sys.stderr)
E
hosts a b c d
lan eth0 1 a b c d
for h in a b c d; do daemon $h --log-level debug; done
on a python3 $T/rpc.py status
tok=$(on a python3 $T/rpc.py init '{"name":"a"}' | tee /dev/stderr | jq -r .token)
for h in b c d; do
t0=$(now_ms)
on $h python3 $T/rpc.py join "{\"token\":\"$tok\",\"name\":\"$h\"}"
echo took $(($(now_ms)-t0))
tok=$(on a python3 $T/rpc.py token.create '{}' | jq -r .token)
done
for h in a b c d; do on $h python3 $T/rpc.py peers | jq -c .[]; on $h python3 $T/rpc.py nodes | jq -c .[]; on $h meshctl show; done
for a in b c d; do
on a ping -c 2 $(on $a python3 $T/rpc.py status | jq -r .addresses[0])
done
on b ping -c 2 $(on d python3 $T/rpc.py status | jq -r .addresses[0])
for h in a b c d; do echo "== $h"; cat $T/$h/log; done
ok done
