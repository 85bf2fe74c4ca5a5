# SPDX-License-Identifier: MIT
"""Lists the endpoint map, then binds to the security accounts interface at the port that the map names."""
import re
import sys

from impacket.dcerpc.v5 import epm, samr, transport
from impacket.dcerpc.v5.rpcrt import DCERPCException

HOST = "192.0.2.2"
caller = transport.DCERPCTransportFactory(f"ncacn_ip_tcp:{HOST}[{sys.argv[1]}]").get_dce_rpc()
caller.connect()
try:
    listed = [epm.PrintStringBinding(entry["tower"]["Floors"]) for entry in epm.hept_lookup(None, dce=caller)]
except DCERPCException as error:  # nobody has registered yet: the answer is DCE/RPC all the same
    print(error)
    listed = []
print(len(listed), "interfaces", listed)
caller.disconnect()
ports = sorted({int(m) for m in re.findall(r"ncacn_ip_tcp:[^\[]*\[(\d+)\]", " ".join(listed))})
for port in ports[:3]:
    caller = transport.DCERPCTransportFactory(f"ncacn_ip_tcp:{HOST}[{port}]").get_dce_rpc()
    caller.connect()
    try:
        caller.bind(samr.MSRPC_UUID_SAMR)
        samr.hSamrConnect(caller)
    except DCERPCException as error:
        print(port, error)
    caller.disconnect()
