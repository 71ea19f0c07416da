"""A Mastodon server and a Bluesky PDS on this machine: the APIs that Herald calls, walls to look at. No webhooks there.

They stand in for the platforms, so they share no code with Herald: they are written from the platforms' documents and
from what real servers did when they were tried. Each runs as a process of its own, on 127.0.0.1 only.

    network.py   people, posts, answers, likes, boosts, follows, notifications, in SQLite; the same for both
    mastodon.py  Mastodon's names, ids and client API
    bluesky.py   AT Protocol: identities, records, sessions, and what an AppView adds
    reading.py   a request of each API, taken apart
    server.py    HTTP: the API, the control API under /_sim/, the pages
    pages.py     the wall as the public sees it
    ask.py       has Herald look now instead of at its next poll
    client.py    for programs: `say`, `control`
    config.py    our account and its secret, written by the starter

Faults, the loopback and the look of the pages are those of all simulators: local.simulator. Run one with
`python -m local.microblogs mastodon` or `python -m local.microblogs bluesky`.
"""
