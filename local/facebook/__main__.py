"""`python -m local.facebook`."""

from __future__ import annotations

import sys

from local.facebook.server import main

sys.exit(main())
