"""`python -m local.microblogs mastodon|bluesky`."""

from __future__ import annotations

import sys

from local.microblogs.server import main

sys.exit(main(sys.argv[1:]))
