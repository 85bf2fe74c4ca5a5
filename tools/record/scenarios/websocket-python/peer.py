# SPDX-License-Identifier: MIT
"""An echo: peer.py server|client PORT"""
import asyncio
import sys

import websockets


async def echo(socket):
    async for message in socket:
        await socket.send(message)


async def serve():
    async with websockets.serve(echo, "0.0.0.0", int(sys.argv[2])):
        await asyncio.Future()


async def ask():
    async with websockets.connect(f"ws://host.example:{sys.argv[2]}/chat") as socket:
        for message in ("hello", b"\0\1\2", "x" * 300):
            await socket.send(message)
            assert await socket.recv() == message
        await socket.ping()
    print("echoed")


asyncio.run(serve() if sys.argv[1] == "server" else ask())
