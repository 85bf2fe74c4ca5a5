# SPDX-License-Identifier: MIT
"""Logs in, sends itself a message, leaves."""
import asyncio
import ssl
import sys

import slixmpp


class Client(slixmpp.ClientXMPP):
    def __init__(self):
        super().__init__("guest@host.example/desk", "secret")
        self.ssl_context = ssl._create_unverified_context()
        self["feature_mechanisms"].unencrypted_plain = True
        self.add_event_handler("session_start", self.on_start)
        self.add_event_handler("message", self.on_message)

    async def on_start(self, _):
        self.send_presence()
        await self.get_roster()
        self.send_message(mto="guest@host.example/desk", mbody="hello")

    def on_message(self, message):
        print("got", message["body"], flush=True)
        self.disconnect()


client = Client()
encrypted = bool(sys.argv[2])
client.ca_certs = None
client.connect(("192.0.2.2", int(sys.argv[1])), use_ssl=False, force_starttls=encrypted, disable_starttls=not encrypted)
client.loop.run_until_complete(asyncio.wait_for(client.disconnected, 15))
