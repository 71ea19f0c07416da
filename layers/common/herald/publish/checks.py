"""What a platform would refuse, said before it does: the same checks in the composer and in the gate."""

from __future__ import annotations

from urllib.parse import urlsplit

from herald.model import Media, Post, Target, words_of
from herald.model.record import record
from herald.ports import PostLimits
from herald.publish.lengths import hashtags, length


@record
class Problem:
    """One thing to mend: where, by which rule, and in words what to do."""

    account: str
    field: str  # text | link | media | alt | time
    rule: str
    words: str


def check(post: Post, target: Target, limits: PostLimits | None) -> list[Problem]:
    """Everything that stands against publishing this variant; empty when nothing does."""
    where = target.account
    if limits is None:
        return [Problem(where, "text", "platform", f"Herald cannot publish on {target.platform}.")]
    problems = _text(where, _with_link(words_of(post, target), post.link), limits)
    problems += _link(where, post.link)
    if not words_of(post, target).strip() and not post.media:
        problems.append(Problem(where, "text", "empty", "Write something, or add an image."))
    elif limits.image_required and not post.media:
        words = f"{target.platform} takes no words alone. Attach an image."
        problems.append(Problem(where, "media", "required", words))
    if len(post.media) > limits.images:
        problems.append(Problem(where, "media", "images", f"{target.platform} takes {limits.images} image here."))
    for media in post.media:
        problems += _media(where, media, limits)
    return problems


def _with_link(text: str, link: str) -> str:
    """Platforms without a field for links carry them in the text."""
    return f"{text}\n\n{link}" if link and link not in text else text


def _text(where: str, text: str, limits: PostLimits) -> list[Problem]:
    count = length(text, limits.unit, limits.url_length)
    problems = []
    if count > limits.text:
        words = f"{count} {limits.unit} with the link; the limit is {limits.text}. Take out {count - limits.text}."
        problems.append(Problem(where, "text", "length", words))
    size = len(text.encode("utf-8", "surrogatepass"))
    if limits.text_bytes is not None and size > limits.text_bytes:
        problems.append(Problem(where, "text", "bytes", f"{size} bytes; the limit is {limits.text_bytes}."))
    tags = hashtags(text)
    if limits.hashtags is not None and tags > limits.hashtags:
        words = f"{tags} hashtags; the limit is {limits.hashtags}. Take out {tags - limits.hashtags}."
        problems.append(Problem(where, "text", "hashtags", words))
    return problems


def _link(where: str, link: str) -> list[Problem]:
    if not link:
        return []
    try:
        parts = urlsplit(link)
    except ValueError:
        parts = urlsplit("")
    whole = parts.scheme in ("http", "https") and "." in (parts.hostname or "") and not any(c.isspace() for c in link)
    if whole and len(link) <= 2000:
        return []
    return [Problem(where, "link", "address", "The link must be a whole address that begins with https://.")]


def _media(where: str, media: Media, limits: PostLimits) -> list[Problem]:
    problems = []
    if media.mime not in limits.image_types:
        kinds = ", ".join(sorted(kind.removeprefix("image/") for kind in limits.image_types))
        problems.append(Problem(where, "media", "type", f"The image is {media.mime}; the platform takes {kinds}."))
    if media.size > limits.image_bytes:
        words = f"The image has {media.size / 1e6:.1f} MB; the limit is {limits.image_bytes / 1e6:.1f} MB."
        problems.append(Problem(where, "media", "size", words))
    if limits.image_ratio is not None and media.width and media.height:
        least, most = limits.image_ratio
        if not least <= media.width / media.height <= most:
            words = f"The image is {media.width} by {media.height}; crop it to between {least:g} and {most:g} to 1."
            problems.append(Problem(where, "media", "shape", words))
    if not media.alt.strip():
        problems.append(Problem(where, "alt", "missing", "Describe the image for people who cannot see it."))
    elif len(media.alt) > limits.alt_length:
        words = f"The description has {len(media.alt)} characters; the limit is {limits.alt_length}."
        problems.append(Problem(where, "alt", "length", words))
    return problems
