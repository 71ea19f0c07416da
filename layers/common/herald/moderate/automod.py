"""Reddit's AutoModerator, translated into Herald's rules at the border; none of its words lives in the core.

`translate` never raises: a section becomes one or more rules, or says on which line it is broken. Meaning as in the
source of AutoModerator (reddit-archive/reddit, r2/lib/automoderator.py, read 2026-11). Every key is mapped, ignored
with a note, or refused. Functions never import this module: what is saved is Herald's own language.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from itertools import islice, pairwise

from herald.documents import BadDocument, Node, read, sections
from herald.model.record import record
from herald.moderate.language import HINTS, KEYS, MAX_KEYS, REPLY_LIMIT, Section
from herald.moderate.patterns import LONGEST
from herald.moderate.rules import MAX_BYTES, MAX_RULES, Loading, RuleSet, compile_rules, too_long

ACTIONS: Mapping[str, str] = {
    "remove": "hide", "spam": "hide", "filter": "queue", "report": "queue", "approve": "allow",
}  # fmt: skip
_REMOVALS = ("remove", "spam", "filter", "hide")
_SUBMISSION = ("post", "review", "mention")
_COMMENT = ("comment", "dm")
_TYPES: Mapping[str, tuple[str, ...]] = {
    "any": (), "comment": _COMMENT, "submission": _SUBMISSION, "link submission": _SUBMISSION,
    "text submission": _SUBMISSION, "crosspost submission": _SUBMISSION, "poll submission": _SUBMISSION,
    "gallery submission": _SUBMISSION, "image submission": _SUBMISSION, "video submission": _SUBMISSION,
}  # fmt: skip
_MODIFIERS = ("full-exact", "full-text", "includes", "includes-word", "starts-with", "ends-with", "regex",
              "case-sensitive")  # fmt: skip
_LISTED = "; take it out, or write one that AutoModerator's documentation lists"
_MODES = _MODIFIERS[:6]

# Field there -> field here, for the message itself, its author and the submission above it.
_FIELDS: Mapping[str, Mapping[str, str]] = {
    "": {
        "id": "id", "title": "title", "body": "body", "domain": "domain", "url": "url", "flair_text": "tag",
        "flair_css_class": "tag", "flair_template_id": "tag", "media_title": "media.title",
        "media_author": "media.author", "media_author_url": "media.url", "media_description": "media.description",
        "crosspost_id": "id", "crosspost_title": "thread.title",
    },
    "author": {
        "id": "id", "name": "author.name", "flair_text": "author.tag", "flair_css_class": "author.tag",
        "flair_template_id": "author.tag",
    },
    "parent_submission": {
        "id": "id", "title": "thread.title", "body": "thread.body", "domain": "thread.domain", "url": "thread.url",
        "flair_text": "thread.tag", "flair_css_class": "thread.tag", "flair_template_id": "thread.tag",
        "media_title": "media.title", "media_author": "media.author", "media_author_url": "media.url",
        "media_description": "media.description", "name": "thread.author",
    },
}  # fmt: skip
_FIELDS_OF_ALL = frozenset(name for fields in _FIELDS.values() for name in fields)
_EXACT = {"id", "flair_text", "flair_css_class", "flair_template_id", "media_author", "crosspost_id"}
_SUBMITTED = {"title", "flair_text", "flair_css_class", "flair_template_id"}
_PART = {"url", "media_author_url"}

_YES_NO: Mapping[str, str] = {  # a condition that is yes or no -> the signal that tells
    "is_submitter": "author.started_thread", "is_contributor": "author.trusted", "is_moderator": "author.ours",
    "has_verified_email": "author.verified", "is_top_level": "top_level", "is_edited": "edited",
    "is_nsfw": "nsfw", "is_original_content": "original", "is_spoiler": "spoiler",
}  # fmt: skip
_NOBODY = frozenset({"is_gold", "is_gallery", "is_poll", "is_crosspost", "is_reddit_media_domain", "is_live"})
_NUMBERS: Mapping[str, str] = {
    "account_age": "author.age", "comment_karma": "author.reputation", "post_karma": "author.reputation",
    "link_karma": "author.reputation", "combined_karma": "author.reputation",
    "comment_subreddit_karma": "author.reputation", "post_subreddit_karma": "author.reputation",
    "combined_subreddit_karma": "author.reputation", "contributor_quality": "author.quality",
    "poll_option_count": "poll.options", "gallery_image_count": "gallery.images",
}  # fmt: skip
_IGNORED = frozenset({
    "set_sticky", "comment_stickied", "comment_locked", "set_suggested_sort", "set_contest_mode",
    "set_original_content", "set_post_crowd_control_level", "overwrite_flair", "message_subject", "past_archive_date",
    "is_meta_discussion", "satisfy_any_threshold", "ban_duration", "ban_message", "ban_reason", "moderators_exempt",
    "set_subreddit", "discussion_type", "bot_comment", "comment_distinguished", "modmail_subject", "standard",
})  # fmt: skip
_QUIET = frozenset({
    "overwrite_flair", "satisfy_any_threshold", "moderators_exempt", "modmail_subject", "standard", "message_subject",
})  # fmt: skip
_LABELS: Mapping[str, str] = {"set_nsfw": "nsfw", "set_spoiler": "spoiler"}
_WORDS: Mapping[str, str] = {"comment": "reply", "message": "private_reply", "modmail": "notify"}
_OFFERED = ("reply", "private_reply", "notify", "lock")
_REASONS = ("action_reason", "report_reason")
_OURS = frozenset(KEYS) - {"domain", "url", "body", "title", "id", "author"}  # written in a file of theirs: kept as is
_KNOWN = sorted({
    "type", "action", "priority", "author", "~author", "parent_submission", "standard", "reports", "set_flair",
    "body_longer_than", "body_shorter_than", "ignore_blockquotes", *_FIELDS_OF_ALL, *_YES_NO, *_NOBODY, *_NUMBERS,
    *_IGNORED, *_LABELS, *_WORDS, *_REASONS, *KEYS, "set_locked",
})  # fmt: skip
_THEIRS = frozenset({
    "type", "parent_submission", "standard", "reports", "set_flair", "moderators_exempt", "action_reason",
    "report_reason", "comment", "message", "modmail", "modmail_subject", "flair_text", "flair_css_class",
    "ignore_blockquotes", "set_locked", *_LABELS, *_IGNORED,
})  # fmt: skip

STANDARDS: Mapping[str, tuple[str, ...]] = {
    "image hosting sites": ("imgur.com", "flickr.com", "postimg.cc", "imgbb.com", "photobucket.com", "tinypic.com"),
    "direct image links": (r"\.(?:jpe?g|png|gif|webp|bmp)(?:$|\?)",),
    "video hosting sites": ("youtube.com", "youtu.be", "vimeo.com", "dailymotion.com", "streamable.com"),
    "streaming sites": ("twitch.tv", "kick.com", "dlive.tv", "trovo.live"),
    "crowdfunding sites": ("kickstarter.com", "indiegogo.com", "gofundme.com", "patreon.com", "ko-fi.com"),
    "meme generator sites": ("memegenerator.net", "quickmeme.com", "imgflip.com", "makeameme.org"),
    "facebook links": ("facebook.com", "fb.com", "fb.me", "fbcdn.net"),
    "amazon affiliate links": (r"amazon\.[a-z.]{2,6}/\S*[?&]tag=",),
}
"""The eight lists AutoModerator has by name, as our own choice of hosts (or patterns of addresses)."""

_MOST_SECTIONS = 4 * MAX_RULES  # as many as in a file of our own
_MOST_ODD = 50_000  # characters of a section that PyYAML's own parser reads too: ten seconds a MB

_KEY = re.compile(r"(~?[^\s(]+)\s*(?:\((.+)\))?", re.DOTALL)
_LINK_HERE = Node(0, [Node(0, ".")])


@record
class Translated:
    """One section there as rules here: what was noted, and what makes it unusable, by line."""

    line: int
    part: str
    rules: tuple[Node, ...] = ()
    notes: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    dropped: str = ""


def is_automod(text: str) -> bool:
    """Is this file written for AutoModerator? It holds a key or an action of its own, and no action of ours."""
    theirs = False
    for line, part in islice(sections(text[:MAX_BYTES]), _MOST_SECTIONS):
        try:
            node = _read(part, line)
        except BadDocument:
            continue
        for key, value in node.pairs() if node else []:
            name, word = key.text.strip().lower(), value.text.strip().lower()
            if name == "action" and word in ("hide", "queue", "allow"):
                return False
            bare = name.lstrip("~").split("(")[0].split("#")[0].strip()
            theirs |= bare in _THEIRS or (name == "action" and word in ACTIONS) or "+" in bare
    return theirs


def _read(part: str, line: int) -> Node | None:
    """Reddit reads with PyYAML's own parser, so what only that one takes is no mistake of the moderator."""
    try:
        return read(part, line)
    except BadDocument:
        if len(part) > _MOST_ODD:
            raise
        node = read(part, line, python=True)
        return _whole(node) if node else None


def _whole(node: Node) -> Node:
    """Halves of a character, written as two escapes, put together; a half by itself becomes U+FFFD."""
    if isinstance(node.value, str):
        return replace(node, value=node.value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
    if node.mapping:
        return replace(node, value=[(_whole(key), _whole(inner)) for key, inner in node.pairs()])
    return replace(node, value=[_whole(item) for item in node.items()])


def compile_any(text: str) -> RuleSet:
    """A rule set from either language; lines are those of the text given. Never raises for what is inside."""
    return compile_automod(text) if is_automod(text) else compile_rules(text)


def compile_automod(text: str) -> RuleSet:
    """An AutoModerator file -> RuleSet, with a Section for each section of the file. Never raises."""
    if refused := too_long(text):
        return refused
    loading, outcomes = Loading(), list[Section]()
    for each in translate(text):
        if each.errors or each.dropped:
            status, notes = ("error", each.errors) if each.errors else ("refused", (each.dropped,))
            outcomes.append(Section(each.line, _name_of(each), status, (*notes, *each.notes)))
            continue
        parts = []
        for node in each.rules:
            reader = loading.reader(each.line)
            parts.append(loading.add(reader, reader.rule_of(node, len(loading.rules), loading.names)))
        outcomes.append(_together(parts, each))
    return RuleSet(loading.rules, outcomes)


def to_herald(text: str, *, shadow: bool = False) -> str:
    """The same rules in Herald's own YAML, each note a comment above its rule; what did not load stands as comments.

    Args:
        shadow: every rule is in shadow: recorded and not acted on, until someone has seen what it would do.
    """
    lines = ["# Translated from AutoModerator by `herald rules import`. Manner of writing: docs/rules.md."]
    if refused := too_long(text):
        return "\n".join([*lines, *(f"# {note}" for each in refused.sections for note in each.notes)]) + "\n"
    for each in translate(text):
        lines += ["---", *(f"# {_one_line(note)}" for note in (*each.errors, each.dropped, *each.notes) if note)]
        if each.errors or each.dropped:
            lines += [f"#   {_one_line(row)}" for row in each.part.split("\n")]
            continue
        for place, node in enumerate(each.rules):
            lines += ["---"] * (place > 0)
            for key, value in node.pairs():
                lines.append(f"{_quoted(key.text)}: {_flow(value)}")
            lines += ["mode: shadow"] * (shadow and all(key.text != "mode" for key, _ in node.pairs()))
    return "\n".join(lines) + "\n"


def translate(text: str) -> tuple[Translated, ...]:
    """Every section of an AutoModerator file that holds a rule, in order. Never raises."""
    read_ones: list[_Section] = []
    taken: set[str] = set()
    for number, (line, part) in enumerate(sections(text)):
        section = _Section(line, re.sub(r"\A-+", "", part))  # a longer row of dashes parts rules too
        if number == _MOST_SECTIONS:
            section.part = ""
            section.error(line, f"more than {number:,} sections: from here on nothing is read; make two files of it")
            read_ones.append(section)
            break
        if section.read(taken):
            read_ones.append(section)
    _keep_order(read_ones)
    return tuple(section.done() for section in read_ones)


def _together(parts: Sequence[Section], each: Translated) -> Section:
    worst = max((part.status for part in parts), key=("loaded", "partial", "refused", "error").index)
    notes = tuple(dict.fromkeys(note for part in parts for note in part.notes))
    return Section(
        parts[0].line, parts[0].name, worst, (*notes, *each.notes), max(part.runs for part in parts),
        tuple(dict.fromkeys(out for part in parts for out in part.left_out)),
    )  # fmt: skip


def _name_of(each: Translated) -> str | None:
    return _from_comment(each.part) or None


# ---------------------------------------------------------------- one section


class _Section:
    """One section on its way: what it checks, does and is called, in the words of the core."""

    def __init__(self, line: int, part: str) -> None:
        self.line, self.part = line, part
        self.name = ""
        self.action = ""  # in their words
        self.priority = 0
        self.notes: dict[str, None] = {}  # as a set that keeps its order
        self.errors: list[str] = []
        self.dropped = ""
        self.checks: list[tuple[Node, Node]] = []
        self.parts: dict[str, Node] = {}  # keys of the core that are no checks
        self.labels: dict[str, int] = {}
        self.kinds: tuple[str, ...] = ()
        self.typed = False
        self.unquoted = False
        self.does_something_unknown = False
        self._used: set[str] = set()

    # ------------------------------------------------ reading

    def read(self, taken: set[str]) -> bool:
        """Read it; False: it holds no rule, which AutoModerator passes over too."""
        try:
            node = _read(self.part, self.line)
        except BadDocument as bad:
            self.errors.append(f"line {bad.line}: {bad.sentence}")
            return True
        if node is None or not node.mapping:
            return False
        if node.pairs():
            self.line = node.pairs()[0][0].line
        entries = self._entries(node)
        self._standard(entries)
        flag = entries.get("ignore_blockquotes")
        self.unquoted = flag is not None and _yes(flag[1]) is True
        for name, (key, value) in entries.items():
            self._entry(name, key, value)
        self._name(taken)
        self._complete()
        return True

    def error(self, line: int, sentence: str) -> None:
        self.errors.append(f"line {line}: {sentence}")

    def note(self, line: int, sentence: str) -> None:
        self.notes.setdefault(f"line {line}: {sentence}")

    def near(self, word: str, allowed: Sequence[str] | Mapping[str, object]) -> str:
        """ "; did you mean …?" for the first wrong words of a section; looking is dear."""
        return _near(word, allowed) if len(self.errors) < HINTS else ""

    def _entries(self, node: Node) -> dict[str, tuple[Node, Node]]:
        found: dict[str, tuple[Node, Node]] = {}
        for number, (key, value) in enumerate(node.pairs()):
            if number == MAX_KEYS:
                self.error(key.line, f"more than {MAX_KEYS:,} keys in one rule: from here on nothing is read; "
                                     "make several rules of it")  # fmt: skip
                break
            if not isinstance(key.value, str) or not key.text.strip():
                self.error(key.line, "a key must be text, such as `body`")
                continue
            name = " ".join(key.text.lower().split())
            if name in found:
                self.note(key.line, f"`{name[:60]}` is written twice; this one counts")
            found[name] = (key, value)
        return found

    def _entry(self, name: str, key: Node, value: Node) -> None:  # noqa: PLR0912 - a line a kind of key
        if name == "type":
            self._type(value)
        elif name == "action":
            word = value.text.strip().lower()
            if word not in ACTIONS and word not in ("hide", "queue", "allow"):
                self.error(
                    value.line, f"action `{word[:40]}` is not one of {', '.join(ACTIONS)}{self.near(word, ACTIONS)}"
                )
            self.action = word
        elif name == "priority":
            word = value.text.strip()
            if not re.fullmatch(r"[+-]?\d{1,6}", word):
                self.error(value.line, f"priority must be a whole number, not `{word[:40]}`")
            else:
                self.priority = int(word)
        elif name in ("author", "~author"):
            self._author(name, key, value)
        elif name == "parent_submission":
            self._parent(value)
        elif name in _REASONS:
            self.parts.setdefault("rationale", Node(value.line, self._words(value)[:500]))
        elif name == "modmail":
            self.parts["notify"] = Node(value.line, self._words(value)[:10_000] or "(empty)")
        elif name in _WORDS:
            self._answer(_WORDS[name], value)
        elif name in ("set_flair", *_LABELS):
            self._label(name, value)
        elif name == "set_locked":
            self._lock(value)
        elif name == "ignore_blockquotes":
            pass
        elif name in _OURS:
            self._ours(name, key, value)
        else:
            self._check(name, key, value, "")

    def _ours(self, name: str, key: Node, value: Node) -> None:
        """A key of Herald's own in a file of theirs: policy, scores, test ... stays what it is."""
        if name == "label" and not value.mapping:
            self.labels |= {item.text.strip().lower(): item.line for item in value.items()}
        elif name == "name":
            self.name = value.text.strip()[:100]
        elif name in ("mode", "policy", "severity", "rationale", "escalate", "brand", "channel", "platform", "kind",
                      *_OFFERED):  # fmt: skip
            self.parts[name] = value
        elif name == "test":
            self.parts[name] = _tests(value)
        elif name in ("any_of", "none_of"):
            self._group(name, key, value)
        else:
            self.checks.append((Node(key.line, name), value))

    def _group(self, name: str, key: Node, value: Node) -> None:
        members = []
        kept, self.checks = self.checks, []
        for item in value.items():
            self.checks = []
            for inner, (inner_key, inner_value) in self._entries(item).items():
                if inner in _OURS or inner.partition("#")[0] in ("scores", "label", "signals"):
                    self.checks.append((Node(inner_key.line, inner), inner_value))
                else:
                    self._entry(inner, inner_key, inner_value)
            if self.checks:
                members.append(Node(item.line, _numbered(self.checks), mapping=True))
        self.checks = kept
        if members:
            self.checks.append((Node(key.line, name), Node(value.line, members)))

    def _type(self, value: Node) -> None:
        word = " ".join(value.text.lower().split())
        if word not in _TYPES:
            self.error(value.line, f"type `{word[:40]}` is not one of {', '.join(_TYPES)}{self.near(word, _TYPES)}")
            return
        self.typed = True
        self.kinds = _TYPES[word]
        shape = word.removesuffix(" submission")
        if shape in ("link", "text"):
            self.checks.append(
                (Node(value.line, "~url (includes)" if shape == "text" else "url (includes)"), _LINK_HERE)
            )
        elif shape not in ("any", "comment", "submission"):
            self.note(value.line, f"whether it is a {shape} is told by the signal `shape`; unknown, it does not hold")
            self._signal(value.line, {"shape": Node(value.line, shape)})

    def _standard(self, entries: dict[str, tuple[Node, Node]]) -> None:
        if "standard" not in entries:
            return
        key, value = entries["standard"]
        name = " ".join(value.text.lower().split())
        hosts = STANDARDS.get(name)
        if hosts is None:
            self.error(value.line, f"there is no standard `{name[:60]}`; there are {', '.join(STANDARDS)}")
            return
        how = "url (includes, regex)" if "\\" in hosts[0] else "domain"
        self.checks.append((Node(key.line, how), Node(value.line, [Node(value.line, host) for host in hosts])))
        self.note(value.line, f"the list of {name} is Herald's own")

    # ------------------------------------------------ author, parent

    def _author(self, name: str, key: Node, value: Node) -> None:
        if not value.mapping:
            tilde = "~" if name.startswith("~") else ""
            self._text_check(f"{tilde}name", key, value, "author")
            return
        entries = self._entries(value)
        any_of = "satisfy_any_threshold" in entries and _yes(entries["satisfy_any_threshold"][1]) is True
        thresholds: list[tuple[int, str, Node]] = []
        for inner, (inner_key, inner_value) in entries.items():
            tilde = "~" if name.startswith("~") and not inner.startswith("~") else ""
            if inner in _NUMBERS:
                bound = self._number(inner, inner_value)
                if bound:
                    thresholds.append((inner_key.line, _NUMBERS[inner], bound))
            elif inner == "set_locked":
                self._lock(inner_value)
            elif inner in ("set_flair", *_LABELS):
                self.note(inner_key.line, "the author's flair becomes a label of the message")
                self._label(inner, inner_value)
            else:
                self._check(tilde + inner, inner_key, inner_value, "author")
        if any_of and len(thresholds) > 1:
            members = [
                _mapping(line, [("signals", _mapping(line, [(signal, bound)]))]) for line, signal, bound in thresholds
            ]
            self.checks.append((Node(key.line, "any_of"), Node(key.line, list(members))))
        else:
            for line, signal, bound in thresholds:
                self._signal(line, {signal: bound})

    def _parent(self, value: Node) -> None:  # noqa: PLR0912 - a line a kind of key
        if not value.mapping:
            self.error(value.line, "parent_submission must be a mapping of checks")
            return
        if not self.kinds:
            self.kinds = _COMMENT
        for name, (key, inner) in self._entries(value).items():
            if name == "action":
                word = inner.text.strip().lower()
                if word in ACTIONS and not self.action:
                    self.note(key.line, "the action on what stands above is taken on the message itself")
                    self.action = word
                elif word not in ACTIONS:
                    self.error(inner.line, f"action `{word[:40]}` is not one of {', '.join(ACTIONS)}")
            elif name in _REASONS:
                self.parts.setdefault("rationale", Node(inner.line, self._words(inner)[:500]))
            elif name == "set_locked":
                self._lock(inner)
            elif name in ("set_flair", *_LABELS):
                self.note(key.line, "the flair of what stands above becomes a label of the message")
                self._label(name, inner)
            elif name in ("author", "~author") and not inner.mapping:
                self._text_check(("~" if name.startswith("~") else "") + "name", key, inner, "parent_submission")
            elif name == "author":
                for each, (each_key, each_value) in self._entries(inner).items():
                    where = "parent_submission" if each.lstrip("~").startswith("name") else "author"
                    self._check(each, each_key, each_value, where)
            elif name in ("type", "is_top_level"):
                self.note(key.line, f"`{name}` of what stands above is ignored")
            else:
                self._check(name, key, inner, "parent_submission")

    # ------------------------------------------------ checks

    def _check(self, name: str, key: Node, value: Node, where: str) -> None:  # noqa: PLR0912 - as above
        bare = name.lstrip("~").partition("#")[0].strip()
        if bare in _IGNORED:
            if bare not in _QUIET:
                self.note(key.line, f"`{bare}` has no meaning here and is ignored")
                self.does_something_unknown = True
        elif bare in _NOBODY or bare in _YES_NO:
            self._yes_no(bare, key, value)
        elif bare in _NUMBERS:
            bound = self._number(bare, value)
            if bound:
                self._signal(key.line, {_NUMBERS[bare]: bound})
        elif bare == "reports":
            if re.fullmatch(r"\d{1,6}", value.text.strip()):
                self._signal(key.line, {"reports": Node(value.line, f">= {value.text.strip()}")})
            else:
                self.error(value.line, f"reports must be a whole number, not `{value.text[:40]}`")
        elif bare in ("body_longer_than", "body_shorter_than"):
            if where:
                self.note(key.line, "the length of what stands above is not known, so this does not hold")
                self._signal(key.line, {"thread.length": Node(value.line, "> 0")})
            else:
                self.checks.append((Node(key.line, bare), value))
        elif bare in ("crosspost_subreddit", "subreddit", "crosspost_author"):
            self.note(key.line, f"`{bare}` is told by nobody here, so the rule does not hold")
            self._signal(key.line, {"crosspost.from": Node(value.line, "any")})
        else:
            self._text_check(name, key, value, where)

    def _yes_no(self, name: str, key: Node, value: Node) -> None:
        wanted = _yes(value)
        if wanted is None:
            self.error(value.line, f"{name} must be true or false, not `{value.text[:40]}`")
            return
        if name in _NOBODY:
            if wanted:
                self.note(key.line, f"`{name}` is true of nothing here, so the rule does not hold")
                self._signal(key.line, {name: Node(value.line, "true")})
            else:
                self.note(key.line, f"`{name}: false` is true of everything here and is left out")
                self.typed = True  # it did ask for something
            return
        self._signal(key.line, {_YES_NO[name]: Node(value.line, "true" if wanted else "false")})

    def _number(self, name: str, value: Node) -> Node | None:
        """Their comparison in our words. Karma counts what was approved, less what was removed."""
        parts = re.fullmatch(r"(==?|<=?|>=?)?\s*(-?\d{1,9})\s*([a-z]*)", value.text.strip().lower())
        unit = parts[3].removesuffix("s") if parts else ""
        if (
            not parts
            or unit not in ("", "minute", "hour", "day", "week", "month", "year")
            or (unit and name != "account_age")
        ):
            if name == "contributor_quality" and value.text.strip():
                self.note(value.line, "`contributor_quality` is told by nobody here, so the rule does not hold")
                return Node(value.line, value.text)
            example = "< 30 days" if name == "account_age" else "< 10"
            self.error(value.line, f"{name} must be a comparison such as '{example}', not `{value.text[:40]}`")
            return None
        unit = unit or ("day" if name == "account_age" else "")
        return Node(value.line, f"{parts[1] or '='} {parts[2]} {unit + 's' if unit else ''}".strip())

    def _signal(self, line: int, pairs: Mapping[str, Node]) -> None:
        self.checks.append((Node(line, "signals"), _mapping(line, list(pairs.items()))))

    def _text_check(self, name: str, key: Node, value: Node, where: str) -> None:
        parts = _KEY.fullmatch(name)
        if not parts:
            self.error(key.line, f"`{name[:60]}` is no key of AutoModerator{_LISTED}")
            return
        negate = parts[1].startswith("~")
        given = [part.strip() for part in parts[1].lstrip("~").partition("#")[0].split("+")]
        fields = []
        for part in given:
            if part not in _FIELDS_OF_ALL:
                self.error(key.line, f"`{part[:60]}` is no key of AutoModerator{self.near(part, _KNOWN) or _LISTED}")
                return
            here = _FIELDS[where].get(part) or (_FIELDS["author"].get(part) if part == "name" else None)
            if here:
                fields.append("unquoted" if here == "body" and self.unquoted else here)
        if not fields:
            self.error(key.line, f"`{parts[1][:60]}` cannot be searched here; take it out")
            return
        modifiers = [word for word in re.split(r"[,\s]+", parts[2] or "") if word]
        for modifier in modifiers:
            if modifier not in _MODIFIERS:
                self.error(key.line, f"`{modifier[:40]}` is no modifier; there are {', '.join(_MODIFIERS)}"
                                     f"{self.near(modifier, _MODIFIERS)}")  # fmt: skip
                return
        mode = next((word for word in modifiers if word in _MODES), "")  # the first counts
        if not self.typed and not where and not self.kinds and set(given) <= _SUBMITTED:
            self.kinds = _SUBMISSION  # no comment has one, so there too only submissions are asked
        if not mode:
            mode = ("full-exact" if len(given) == 1 and given[0] in _EXACT else
                    "includes" if len(given) == 1 and given[0] in _PART else
                    "" if given == ["domain"] else "includes-word")  # fmt: skip
        if value.mapping:
            self.error(value.line, f"{parts[1][:60]} must be text or a list of texts, not a mapping")
            return
        cased = ["case-sensitive"] if "case-sensitive" in modifiers else []
        self._searches(key, value, fields, mode, cased, is_regex="regex" in modifiers, negate=negate)

    def _searches(  # noqa: PLR0912 - a line a kind of term
        self, key: Node, value: Node, fields: list[str], mode: str, cased: list[str], *, is_regex: bool, negate: bool
    ) -> None:
        """One search there is one check here, or several where its terms need different ways of looking."""
        words: list[Node] = []
        patterns: list[Node] = []
        no_link = False
        for item in _leaves(value):
            if not item.text:
                continue
            if fields == ["domain"] and not is_regex and item.text.strip().lower().startswith("self."):
                no_link = True  # how AutoModerator writes a text submission
            elif is_regex:
                patterns += [Node(item.line, piece) for piece in _pieces(item.text)]
            elif item.text != item.text.strip():
                patterns.append(Node(item.line, re.sub(r"([^\w\s])", r"\\\1", item.text)))  # blanks count there
            else:
                words.append(item)
        tilde = "~" if negate else ""
        joined = "+".join(dict.fromkeys(fields))
        found: list[tuple[str, Node]] = []
        if words:
            found.append((_key(tilde, joined, [mode, *cased]), Node(value.line, list(words))))
        if patterns:
            found.append(
                (_key(tilde, joined, [mode or "includes-word", "regex", *cased]), Node(value.line, list(patterns)))
            )
        if no_link:
            found.append((("url" if negate else "~url") + " (includes)", _LINK_HERE))
        if not found:
            return  # an empty search is passed over there
        if negate and set(fields) <= {"domain", "url"} and not no_link:
            self.note(key.line, "it asks what a link is not, so it looks only at messages with a link")
            self.checks.append((Node(key.line, "url (includes)"), _LINK_HERE))
        if negate or len(found) == 1:
            self.checks += [(Node(key.line, name), terms) for name, terms in found]
        else:
            members = [_mapping(key.line, [one]) for one in found]
            self.checks.append((Node(key.line, "any_of"), Node(key.line, list(members))))

    # ------------------------------------------------ what it does

    def _label(self, name: str, value: Node) -> None:
        if name in _LABELS:
            if _yes(value) is not False:
                self.labels.setdefault(_LABELS[name], value.line)
            else:
                self.note(value.line, f"`{name}: false` undoes nothing here")
                self.does_something_unknown = True
            return
        texts = [inner.text for _, inner in value.pairs()] if value.mapping else [item.text for item in value.items()]
        slugs = (_slug(text) for text in texts)
        self.labels.setdefault(next((slug for slug in slugs if slug), "flair"), value.line)

    def _words(self, value: Node, keeps: frozenset[str] = frozenset()) -> str:
        """Their words with their placeholders put into ours (`{{match}}`, and those of `keeps`), or into words."""
        text = value.text.strip()
        if any(re.fullmatch(r"match-.*[2-9]", place[1].strip()) for place in _THEIR_PLACE.finditer(text)):
            self.note(value.line, "numbered parts of a match are not kept apart; the whole match stands in their place")
        text = text.replace("\0", "")
        return _THEIR_PLACE.sub(lambda place: _place(place[1].strip(), keeps), text)

    def _lock(self, value: Node) -> None:
        """There it closes the thread at once; here it asks a person to, wherever the thread begins."""
        if _yes(value) is not False:
            self.parts["lock"] = Node(value.line, "true")
        else:
            self.note(value.line, "`set_locked: false` undoes nothing here")
            self.does_something_unknown = True

    def _answer(self, name: str, value: Node) -> None:
        """Their `comment` and `message` are sent there; here they are drafts that a person changes and sends."""
        said = re.sub(r"/?\bu/(?=\{\{author\}\})", "", value.text)
        text = self._words(replace(value, value=said), _ANSWER_KEEPS)
        if len(text) > REPLY_LIMIT:
            self.note(value.line, f"the answer is cut to {REPLY_LIMIT:,} characters, which is what a draft may have")
        if text:
            self.parts[name] = Node(value.line, text[:REPLY_LIMIT])

    # ------------------------------------------------ the end

    def _name(self, taken: set[str]) -> None:
        reason = self.parts.get("rationale")
        spoken = self.name or _from_comment(self.part) or (reason and re.sub(r"\{\{\w+\}\}", "", reason.text)) or ""
        spoken = " ".join(spoken.split()).strip(" -:[](){}")[:80]
        if not spoken:
            first = next((key.text for key, _ in self.checks if not key.text.startswith("signals")), "rule")
            spoken = f"{self.action or 'label'} by {first.split('(')[0].strip()}"
        name, again = spoken, 1
        while name in taken:
            again += 1
            name = f"{spoken} (line {self.line})" if again == 2 else f"{spoken} (line {self.line}.{again})"
        taken.add(name)
        self.name = name

    def _complete(self) -> None:
        if self.errors:
            return
        asks = self.checks or self.typed or "kind" in self.parts or "brand" in self.parts or "channel" in self.parts
        acts = self.action or self.labels or any(word in self.parts for word in _OFFERED)
        if not asks:
            self.dropped = f"line {self.line}: it checks nothing, so AutoModerator does not run it either; take it out"
        elif not acts and self.does_something_unknown:
            self.labels["noted"] = self.line
            self.note(self.line, "nothing of what it does has a meaning here, so it gives the label `noted`")
        elif not acts:
            self.dropped = f"line {self.line}: it does nothing, so AutoModerator does not run it either; take it out"

    @property
    def removes(self) -> bool:
        return self.action in _REMOVALS

    def done(self) -> Translated:
        if self.errors or self.dropped:
            return Translated(self.line, self.part, (), tuple(self.notes), tuple(self.errors), self.dropped)
        labels = Node(self.line, [Node(line, label) for label, line in self.labels.items()])
        extra = {name: node for name, node in self.parts.items() if name in _OFFERED}
        apart = bool(self.action) and not self.removes and bool(self.labels or extra)
        pairs: list[tuple[str, Node]] = [("name", Node(self.line, self.name))]
        if self.priority:
            pairs.append(("priority", Node(self.line, str(self.priority))))
        if self.kinds and "kind" not in self.parts:
            pairs.append(("kind", Node(self.line, [Node(self.line, kind) for kind in self.kinds])))
        checks = _numbered(self.checks)
        if not checks and not self.kinds and not {"kind", "brand", "channel", "platform"} & self.parts.keys():
            checks = [(Node(self.line, "body_shorter_than"), Node(self.line, "100000"))]  # `type: any` and no more
        rest = [(name, node) for name, node in self.parts.items() if name not in extra]
        labelled = [("label", labels)] if self.labels else []
        does = [("action", Node(self.line, ACTIONS.get(self.action, self.action)))] if self.action else []

        def rule(name: str, *more: tuple[str, Node]) -> Node:
            head = [("name", Node(self.line, name)), *pairs[1:]]
            both = [(Node(node.line or self.line, key), node) for key, node in head]
            return Node(
                self.line, [*both, *checks, *((Node(self.line, key), node) for key, node in more)], mapping=True
            )

        if apart:  # there all that do not remove run; here one decides, and all that only label run
            others = [(name, node) for name, node in rest if name != "test"]
            second = rule(f"{self.name[:80]} (label)", *labelled, *others, *extra.items())
            rules = [rule(self.name, *does, *rest), second]
        else:
            rules = [rule(self.name, *does, *labelled, *rest, *extra.items())]
        return Translated(self.line, self.part, tuple(rules), tuple(self.notes))


_THEIR_PLACE = re.compile(r"\{\{([^{}]*)\}\}")  # never looks past a brace, so time grows with the text alone
_ANSWER_KEEPS = frozenset({"author", "title", "body", "kind", "permalink"})


def _place(name: str, keeps: frozenset[str]) -> str:
    """A placeholder of theirs as ours, or as a word for what it stood for."""
    if name.startswith("match"):
        return "{{match}}"
    return f"{{{{{name}}}}}" if name in keeps else _SAID.get(name, name.replace("_", " "))


_SAID: Mapping[str, str] = {
    "author": "the author", "kind": "message", "subreddit": "this page", "permalink": "this message",
    "title": "its title", "body": "its text", "domain": "the linked site", "url": "the link",
    "author_flair_text": "the author's flair", "author_flair_css_class": "the author's flair",
}  # fmt: skip


def _keep_order(read_ones: Sequence[_Section]) -> None:
    """Removals are asked before reports, reports before approvals, whatever their priorities: as there."""
    groups = [
        [one for one in read_ones if one.action and one.removes],
        [one for one in read_ones if one.action in ("report", "queue")],
        [one for one in read_ones if one.action in ("approve", "allow")],
    ]
    floor: int | None = None
    for group in groups:
        if not group:
            continue
        top = max(one.priority for one in group)
        if floor is not None and top >= floor:
            for one in group:
                one.priority -= top - floor + 1
        floor = min(one.priority for one in group)


def _numbered(checks: Sequence[tuple[Node, Node]]) -> list[tuple[Node, Node]]:
    """Checks with keys that differ: the second of a name gets `#2` and so on."""
    used: set[str] = set()
    out = []
    for key, value in checks:
        field, _, modifiers = key.text.partition(" (")
        number, name = 1, key.text
        while name in used:
            number += 1
            name = f"{field}#{number}" + (f" ({modifiers}" if modifiers else "")
        used.add(name)
        out.append((Node(key.line, name), value))
    return out


def _key(tilde: str, field: str, modifiers: Sequence[str]) -> str:
    said = ", ".join(modifier for modifier in modifiers if modifier)
    return f"{tilde}{field} ({said})" if said else f"{tilde}{field}"


def _mapping(line: int, pairs: Sequence[tuple[str, Node]]) -> Node:
    return Node(line, [(Node(line, name), node) for name, node in pairs], mapping=True)


def _leaves(value: Node) -> Iterator[Node]:
    for item in value.items():
        if isinstance(item.value, str):
            yield item
        elif not item.mapping:
            yield from _leaves(item)
        else:  # `[foo: bar]` written without quotes
            yield from (Node(key.line, f"{key.text}: {inner.text}") for key, inner in item.pairs())


def _pieces(pattern: str) -> list[str]:
    """A pattern over the limit, cut at its outermost `|` where it has one; each piece means one of its cases."""
    if len(pattern) <= LONGEST:
        return [pattern]
    cuts, depth, inside, index = [-1], 0, False, 0
    while index < len(pattern):
        char = pattern[index]
        if char == "\\":
            index += 1
        elif inside:
            inside = char != "]"
        elif char == "[":
            inside = True
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "|" and depth == 0:
            cuts.append(index)
        index += 1
    cuts.append(len(pattern))
    pieces: list[str] = []
    for start, end in pairwise(cuts):
        case = pattern[start + 1 : end]
        if pieces and len(pieces[-1]) + len(case) < LONGEST:
            pieces[-1] += "|" + case
        else:
            pieces.append(case)
    return [piece for piece in pieces if piece]


def _tests(value: Node) -> Node:
    """Tests with the actions named as here."""
    items = []
    for item in value.items():
        pairs = [
            (key, Node(inner.line, ACTIONS.get(inner.text, inner.text)) if key.text == "expect" else inner)
            for key, inner in item.pairs()
        ]
        items.append(replace(item, value=pairs) if item.mapping else item)
    return Node(value.line, items)


def _yes(value: Node) -> bool | None:
    word = value.text.strip().lower()
    return True if word in ("true", "yes", "on") else False if word in ("false", "no", "off") else None


def _slug(text: str) -> str:
    plain = re.sub(r"\{\{[^{}]*\}\}|:[a-z0-9_]+:", " ", text.lower())
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-0123456789")[:40].strip("-")


def _from_comment(part: str) -> str:
    """The first comment in words above the section's first key."""
    for row in part.split("\n"):
        said = row.strip()
        if said and not said.startswith("#"):
            return ""
        words = said.strip("#-=*~ \t")
        if sum(char.isalpha() for char in words) >= 3 and not re.match(r"~?[\w+.#]+\s*(\([^)]*\))?:(\s|$)", words):
            return words[:80]
    return ""


def _near(word: str, allowed: Sequence[str] | Mapping[str, object]) -> str:
    near = get_close_matches(word, list(allowed), 1, 0.7)
    return f"; did you mean `{near[0]}`?" if near else ""


def _one_line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", text)


def _quoted(text: str) -> str:
    return text if re.fullmatch(r"[a-z_.]+", text) else _text(text)


def _text(text: str) -> str:
    """In double quotes; what YAML cannot hold as it is, as an escape of YAML's own."""
    quoted = json.dumps(text, ensure_ascii=False)
    return re.sub(
        "[^\t\n\r -~\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]",
        lambda odd: f"\\u{ord(odd[0]):04x}",
        quoted,
    )


def _flow(value: Node) -> str:
    """A value in YAML's flow style; JSON's strings are YAML's, so nothing is guessed at reading."""
    if value.mapping:
        return "{" + ", ".join(f"{_quoted(key.text)}: {_flow(inner)}" for key, inner in value.pairs()) + "}"
    if isinstance(value.value, str):
        return _text(value.value)
    return "[" + ", ".join(_flow(item) for item in value.items()) + "]"
