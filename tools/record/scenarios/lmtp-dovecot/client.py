# SPDX-License-Identifier: MIT
import smtplib
import ssl
import sys

with smtplib.LMTP(sys.argv[1], int(sys.argv[2]), local_hostname="client.example") as lmtp:
    lmtp.ehlo()
    if len(sys.argv) > 3:
        lmtp.starttls(context=ssl._create_unverified_context())
        lmtp.ehlo()
    refused = lmtp.sendmail("a@client.example", ["guest@host.example", "nobody.else@host.example"],
                            "From: a@client.example\r\nTo: guest@host.example\r\nSubject: test\r\n\r\nA line.\r\n")
    print("refused:", refused)
    print("delivered")
