"""What the simulated platforms have in common: they misbehave alike, and their pages look alike.

    store.py    an SQLite file: transactions, settings, the log of calls
    content.py  what anybody may send: words, links, images
    calls.py    a call of a platform's API, taken apart, and its answer
    faults.py   what goes wrong next: dropped lines, late acceptance, rate limits, outages
    crowd.py    figures that nobody made by hand: followers, how a post spreads
    http.py     the loopback, cut lines, the guard, bodies
    running.py  one running simulator: faults met, late calls kept, the control API under /_sim/
    faces.py    the pages for people; templates and static files
    trickle.py  customers who speak by themselves
    client.py   for programs: `control`

Each platform (local.facebook, local.microblogs) adds what is its own: what stands there, its API, its pages.
"""
