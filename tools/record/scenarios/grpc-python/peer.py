# SPDX-License-Identifier: MIT
"""A greeter without generated code: peer.py server|client PORT"""
import concurrent.futures
import sys

import grpc


def greet(request, context):
    if not request:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "whom?")
    return b"Hello, " + request


if sys.argv[1] == "server":
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    method = grpc.unary_unary_rpc_method_handler(greet)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("example.Greeter", {"Greet": method}),))
    server.add_insecure_port(f"0.0.0.0:{sys.argv[2]}")
    server.start()
    server.wait_for_termination()
with grpc.insecure_channel(f"192.0.2.2:{sys.argv[2]}") as channel:
    call = channel.unary_unary("/example.Greeter/Greet")
    print(call(b"you", timeout=5))
    try:
        call(b"", timeout=5)
    except grpc.RpcError as error:
        print(error.code())
