# SPDX-License-Identifier: MIT
"""A BitTorrent peer: peer.py seed|fetch PORT UTP [SEED'S PORT]"""
import os
import sys
import time

import libtorrent

role, port, utp = sys.argv[1], sys.argv[2], bool(sys.argv[3])
address = "192.0.2.2" if role == "seed" else "192.0.2.1"
session = libtorrent.session({
    "listen_interfaces": f"{address}:{port}", "enable_dht": True, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "enable_outgoing_utp": utp, "enable_incoming_utp": utp, "enable_outgoing_tcp": not utp, "enable_incoming_tcp": not utp,
    "dht_bootstrap_nodes": "" if role == "seed" else f"192.0.2.2:{sys.argv[4]}", "allow_multiple_connections_per_ip": True,
    "in_enc_policy": 2, "out_enc_policy": 2, "user_agent": "libtorrent", "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False, "dht_ignore_dark_internet": False})
if role == "seed":
    files = libtorrent.file_storage()
    libtorrent.add_files(files, "/srv/seed/data.bin")
    torrent = libtorrent.create_torrent(files)
    torrent.add_tracker("udp://192.0.2.2:6969/announce")
    libtorrent.set_piece_hashes(torrent, "/srv/seed")
    with open("/tmp/data.torrent.part", "wb") as file:
        file.write(libtorrent.bencode(torrent.generate()))
    with open("/srv/whitelist", "w") as file:
        file.write(str(libtorrent.torrent_info("/tmp/data.torrent.part").info_hash()) + "\n")
    os.rename("/tmp/data.torrent.part", "/tmp/data.torrent")
handle = session.add_torrent({"ti": libtorrent.torrent_info("/tmp/data.torrent"), "save_path": "/srv/seed" if role == "seed" else "/tmp/got"})
if role == "seed":
    time.sleep(80)
for turn in range(300):
    if handle.status().is_seeding:
        print("complete", flush=True)
        time.sleep(1)
        break
    if turn == 100:
        print(handle.status().state, handle.trackers(), [p.ip for p in handle.get_peer_info()], session.pop_alerts(), flush=True)
    time.sleep(0.1)
