"""Licences as data: what each permits, and what it asks of us.

Creative Commons 4.0 by its deeds and legal code, https://creativecommons.org/licenses/ (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from herald.model.record import record


@record
class Licence:
    """Attributes:
    usable: False: nobody knows what is permitted, so nothing is.
    sells: may stand in a post that sells (an offer, a product).
    alters: may be cropped, cut or written on.
    credits: the author must be named. alike: what is made from it goes under the same licence.
    proof: it rests on somebody's word, which must be written down.
    address: where its text is.
    """

    id: str
    name: str
    means: str
    usable: bool = True
    sells: bool = True
    alters: bool = True
    credits: bool = False
    alike: bool = False
    proof: bool = False
    address: str = ""


LICENCES: Mapping[str, Licence] = MappingProxyType(
    {
        one.id: one
        for one in (
            Licence("own", "Own work", "We made it: everything is permitted."),
            Licence("supplier", "From a supplier", "Supplied to sell their goods; name the supplier as the source."),
            Licence("permission", "Permission by a person", "Permitted by the person named; say how.", proof=True),
            Licence("cc0", "CC0 1.0", "Given to everyone: everything is permitted.",
                    address="https://creativecommons.org/publicdomain/zero/1.0/"),
            Licence("cc-by", "CC BY 4.0", "Everything is permitted if the author is named.", credits=True,
                    address="https://creativecommons.org/licenses/by/4.0/"),
            Licence("cc-by-sa", "CC BY-SA 4.0", "As CC BY; what is made from it goes under the same licence.",
                    credits=True, alike=True, address="https://creativecommons.org/licenses/by-sa/4.0/"),
            Licence("cc-by-nc", "CC BY-NC 4.0", "As CC BY, but never to sell.", credits=True, sells=False,
                    address="https://creativecommons.org/licenses/by-nc/4.0/"),
            Licence("unknown", "Unknown", "Nobody knows yet: it can be kept and drafted with, not scheduled.",
                    usable=False),
        )
    }
)  # fmt: skip
