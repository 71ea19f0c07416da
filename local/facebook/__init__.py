"""A Facebook Page on this machine: the API that Herald calls, the webhooks it receives, a wall to look at.

It stands in for the platform, so it shares no code with Herald: it is written from the platform's documents and
the shape of its payloads, and signs by its own few lines. It listens on 127.0.0.1 only.

    wall.py      what is on the page, in SQLite; each change writes its webhook event in the same transaction
    graph.py     the API, as a function from a call to an answer
    numbers.py   the figures it tells, as a function of ids and times
    webhooks.py  the outbox: signed POSTs, batches, retries, handshake
    server.py    HTTP: the API, the control API under /_sim/, the pages
    client.py    for programs: `say`, `history`, `control`
    trickle.py   what customers say by themselves
    config.py    secrets and pages, written by the starter

Faults, the loopback and the look of the pages are those of all simulators: local.simulator.
Run it with `python -m local.facebook`.
"""
