"""The deployed dashboard's own server, with its sign-in, over the in-memory shop of dashboard_world.

    python -m tests.e2e.signin_world --port 8499         the issuer comes from the environment, as in the image

Lines on standard input change the people: {"do": "person", "id": ..., "active"/"email"/"subject"/"roles": ...}.
"""

from __future__ import annotations

import argparse
import os
import threading
from collections.abc import Mapping
from dataclasses import replace

from dashboard import data
from herald.model import Person, Role
from tests.e2e import dashboard_world


class World(dashboard_world.World):
    """Everybody has an e-mail address, by which the sign-in knows them."""

    def __init__(self) -> None:
        super().__init__()
        for person in dashboard_world.PEOPLE:
            self.store.save(replace(person, email=f"{person.id}@kelp-and-clay.example"))

    def obey(self, told: Mapping[str, str]) -> object:
        if told["do"] != "person":
            return super().obey(told)
        person = self.store.person(told["id"]) or Person(told["id"], told["id"].title(), frozenset(), frozenset())
        person = replace(
            person,
            active=told.get("active", "yes") == "yes",
            email=told.get("email", person.email),
            subject=told.get("subject", person.subject),
            roles=frozenset(map(Role, told["roles"].split())) if "roles" in told else person.roles,
        )
        self.store.save(person)
        data.people.clear()  # the list of addresses is half a minute old at most; tests do not wait for it
        return ""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    os.environ |= {"DASHBOARD_URL": f"http://127.0.0.1:{given.port}"} if os.environ.get("OIDC_ISSUER") else {}
    os.environ |= {"PORT": str(given.port), "ADDRESS": "127.0.0.1"}
    world = World()
    world.furnish()
    data.set_herald(world.herald)
    threading.Thread(target=dashboard_world._listen, args=(world,), daemon=True).start()
    from dashboard import serve

    serve.main()


if __name__ == "__main__":
    main()
