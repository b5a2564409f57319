"""smtplib with ready-made messages: python3 peers.py PORT COUNT RECIPIENTS; prints the seconds."""

import smtplib
import sys
import time

port, count, recipients = map(int, sys.argv[1:])
line = "The quick brown fox jumps over the lazy dog, and the dog does not mind.\r\n"
message = ("From: Sender <sender@example.com>\r\nTo: reader0@example.com\r\nSubject: Message\r\n\r\n" + line * 11).encode()
to = [f"reader{n}@example.com" for n in range(recipients)]
started = time.perf_counter()
with smtplib.SMTP("127.0.0.1", port, local_hostname="bench") as client:
    for _ in range(count):
        client.sendmail("sender@example.com", to, message)
print(time.perf_counter() - started)
