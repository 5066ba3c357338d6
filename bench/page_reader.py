"""A browser at the live page, as far as the machine feels one: it reads the page's stream, and measures its gaps.

Knows server-sent events. Run with a port and seconds; prints what it saw as JSON.
"""

import json
import sys
import time
from http.client import HTTPConnection
from itertools import pairwise

port, seconds = int(sys.argv[1]), float(sys.argv[2])
connection = HTTPConnection("127.0.0.1", port, timeout=30)
connection.request("GET", "/stream")
news: list[tuple[float, int]] = []
"""When a frame told of more than the one before, and of how many events, those included that came too fast for it."""
end = time.monotonic() + seconds
for line in connection.getresponse():
    if line.startswith(b"data: "):
        totals = json.loads(line[6:])["totals"]
        happened = totals["events"] + totals["lost"]
        if not news or happened > news[-1][1]:
            news.append((time.monotonic(), happened))
    if time.monotonic() > end:
        break
gaps = [after[0] - before[0] for before, after in pairwise(news[1:])]  # the first frame came idle
(began, first), (ended, last) = news[1], news[-1]
print(json.dumps({"longest_s": max(gaps), "rate": (last - first) / (ended - began)}))
