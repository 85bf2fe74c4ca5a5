# SPDX-License-Identifier: MIT
"""Lists the endpoint map, then binds to the security accounts interface at the port that the map names."""
import re
import sys

from impacket.dcerpc.v5 import epm, lsat, samr, transport
from impacket.dcerpc.v5.rpcrt import DCERPCException

HOST = "192.0.2.2"
caller = transport.DCERPCTransportFactory(f"ncacn_ip_tcp:{HOST}[{sys.argv[1]}]").get_dce_rpc()
caller.connect()
print(len(epm.hept_lookup(None, dce=caller)), "interfaces")
caller.disconnect()
for interface in (samr.MSRPC_UUID_SAMR, lsat.MSRPC_UUID_LSAT):
    binding = epm.hept_map(HOST, interface, protocol="ncacn_ip_tcp")
    caller = transport.DCERPCTransportFactory(binding).get_dce_rpc()
    caller.connect()
    caller.bind(interface)
    try:
        caller.call(0, b"\0" * 8)
        caller.recv()
    except DCERPCException as error:
        print(binding, error)
    caller.disconnect()
