"""The tables of docs/platforms.md, made from the platforms themselves: `python -m herald.platforms.sheet`."""

from __future__ import annotations

from collections.abc import Iterable

from herald.model import Act, Metric
from herald.platforms import ALIASES, outlets, sources
from herald.platforms.wire.signatures import SCHEMES, Encoding, Scheme
from herald.ports import Capabilities, PostLimits


def capability_table() -> str:
    """One row a platform: what we can do there, its limits, and where each fact was read."""
    rows = []
    acting = outlets()
    for name in sources():
        can = acting[name].capabilities
        also = [alias for alias, meant in ALIASES.items() if meant == name]
        acts = [act.value for act in Act if act in can.acts]
        rows.append((
            f"`{name}`" + (f" (also `{'`, `'.join(also)}`)" if also else ""),
            ", ".join(acts) or "nothing: a person gets a task",
            "–" if can.reply_limit is None else _reply(can),
            f"{can.settle_seconds} s",
            "; ".join(f"{fact}: {source}" for fact, source in can.sources.items()),
        ))  # fmt: skip
    return _table(("platform", "can do", "reply", "settles within", "read where and when"), rows)


def post_table() -> str:
    """One row a platform we can publish on: what one post may be, and which numbers the platform tells."""
    rows = []
    for name, outlet in outlets().items():
        can = outlet.capabilities
        if can.post is None:
            continue
        told = ", ".join(metric.value for metric in Metric if metric in can.metrics)
        rows.append((f"`{name}`", _words(can.post), _images(can.post), told or "none"))
    return _table(("platform", "text", "images", "numbers it tells"), rows)


def _reply(can: Capabilities) -> str:
    return f"{can.reply_limit} characters" + (f"; {can.reply_bytes} bytes" if can.reply_bytes is not None else "")


def _words(post: PostLimits) -> str:
    more = [f"{post.text_bytes:,} bytes"] if post.text_bytes is not None else []
    more += [f"each link counts {post.url_length}"] if post.url_length is not None else []
    more += [f"{post.hashtags} hashtags"] if post.hashtags is not None else []
    return "; ".join([f"{post.text:,} {post.unit}", *more])


def _images(post: PostLimits) -> str:
    if not post.images:
        return "none"
    kinds = ", ".join(sorted(kind.removeprefix("image/").upper() for kind in post.image_types))
    alt = f"alt text to {post.alt_length:,} characters, " + ("required" if post.alt_required else "optional there")
    shape = f", {post.image_ratio[0]:g} to {post.image_ratio[1]:g} wide to high" if post.image_ratio else ""
    needed = ", required" if post.image_required else ""
    return f"{post.images}{needed}: {kinds} to {post.image_bytes:,} bytes{shape}; {alt}"


def signature_table() -> str:
    """One row a scheme, in the order of the table in code."""
    rows = [
        (f"`{name}`", " or ".join(f"`{header}`" for header in scheme.headers), _written(scheme), _covers(scheme),
         _age(scheme), scheme.source)
        for name, scheme in SCHEMES.items()
    ]  # fmt: skip
    return _table(("platform", "header", "written", "covers", "stamp", "read where and when"), rows)


def _written(scheme: Scheme) -> str:
    if scheme.encoding is Encoding.PLAIN:
        return "the secret itself"
    forms = [f"`{prefix}`{name}" if prefix else name for prefix, name in scheme.prefixes.items()]
    inside = f"`t=..,{scheme.field}=..`, " if scheme.field else ""
    return f"{inside}HMAC {' or '.join(forms)}, {scheme.encoding.value}"


def _covers(scheme: Scheme) -> str:
    if scheme.encoding is Encoding.PLAIN:
        return "nothing"
    before = scheme.covers.decode("ascii").replace("%t", "<t>")
    return f"`{before}` + raw body" if before else "raw body"


def _age(scheme: Scheme) -> str:
    if scheme.stamp is None:
        return "none: replays are authentic"
    ahead = "any" if scheme.stamp.ahead is None else f"{scheme.stamp.ahead} s"
    return f"at most {scheme.stamp.old} s old, {ahead} ahead"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), *rows))


if __name__ == "__main__":
    print(capability_table(), post_table(), signature_table(), sep="\n\n")  # noqa: T201
