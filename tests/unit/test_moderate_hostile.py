"""No pattern and no rule file stalls a message, and none that was not looked at to its end is allowed.

What is asserted here are counts: bounds that are added up, steps under a clock that ticks once a step. CPU seconds are
asserted where `make fuzz` asks for them (HERALD_FUZZ), with the worst that was found.
"""

from __future__ import annotations

import os
from itertools import pairwise
from random import Random
from time import thread_time
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from herald.flows.moderate import moderate
from herald.model import Action, Severity
from herald.moderate import patterns
from herald.moderate.normalise import SCANNED, is_word
from herald.moderate.patterns import EACH, LOAD, WHOLE, BadPattern, Effort, Pattern, compile_pattern, load_of
from herald.moderate.rules import MAX_RULES, Subject, Verdict, compile_rules, default_rules
from herald.moderate.versions import changes
from tests.support.hostile_patterns import MODES, hostile, texts_of
from tests.support.world import NOON, a_comment, a_world

FUZZ = "HERALD_FUZZ" in os.environ
EXAMPLES = int(os.environ.get("HERALD_FUZZ", "600")) // 5
BAR = 0.050  # CPU seconds of a pattern of up to 1,000 characters on 10,000
ALWAYS = settings(
    max_examples=EXAMPLES, derandomize=not FUZZ, deadline=None, database=None, print_blob=True,
    suppress_health_check=list(HealthCheck), phases=[Phase.generate],
)  # fmt: skip


class Ticking:
    """A clock by which each step took `step` seconds."""

    def __init__(self, step: float) -> None:
        self.step, self.asked = step, 0

    def __call__(self) -> float:
        self.asked += 1
        return self.asked * self.step


def still() -> float:
    return 0.0


def slow(step: float = 1.0) -> Effort:
    return Effort(Ticking(step))


class Counting(Effort):
    """Time stands still; the bounds of the steps are kept."""

    __slots__ = ("bounds",)

    def __init__(self) -> None:
        super().__init__(still)
        self.bounds: list[int] = []

    def spend(self, pattern: Pattern, bound: int, act: Any, *given: Any, **how: Any) -> Any:
        self.bounds.append(bound)
        return super().spend(pattern, bound, act, *given, **how)


def pattern(written: str, mode: str = "includes") -> Pattern:
    return compile_pattern(written, mode, case_sensitive=False)


def rule(name: str, *written: str, action: str = "hide", more: str = "") -> str:
    each = ", ".join("'" + one.replace("'", "''") + "'" for one in written)
    return f"---\nname: {name}\nbody (regex, includes): [{each}]\naction: {action}\n{more}"


DEAR = "a[ab]{200}c"  # alive at 201 places of a text of a and b
LONG = "ab" * 5_000
MIXED = "".join(Random(1).choices("ab", k=SCANNED))
FOUND = [  # once dearer than the bar: (pattern, mode, text)
    # what is anchored was not looked at in pieces; and RE2's memory ran full, so it took its slow way through the whole
    (r".*?[ab]{30,230}.{30,35}|(?:aaaaaaaaaa|\w+ *a)+aaaaa.+?(?:aaaaaaaaaaaaaaaaaaaa)+c", "full-text", "a" * SCANNED),
    ("[ab]*a[ab]{600}", "full-text", MIXED),
    ("[ab]*a[ab]{600}", "full-exact", MIXED),
    ("[ab]*a[ab]{600}c", "starts-with", MIXED),
    # cheap to the end of the match, dear back to its beginning
    ("[ab]{600}a[ab]*c", "includes", MIXED[1:] + "c"),
    ("[ab]{600}a[ab]*", "ends-with", MIXED),
    # cheap for nine tenths of the text; then the memory runs full and RE2 begins again from the first byte
    ("a[ab]{600}c", "includes", "a" * 9_000 + MIXED[:1_000]),
    # characters of four bytes, and what a look-around reads
    ("𝒂.{300}c", "includes", "".join(Random(1).choices("𝒂𝒃", k=SCANNED))),
    (r"(?=.*a.{25}c)a", "includes", "".join(Random(1).choices("a🙂", k=SCANNED))),
    (r"(?!\w*a\w{2}c)a", "includes", "".join(Random(1).choices("aé漢", k=SCANNED))),
]


# ---------------------------------------------------------------- what a pattern may be


@pytest.mark.parametrize(
    ("written", "load"),
    [
        ("abcd", 1),  # after a letter only one place is alive
        ("aaaa", 4),
        ("abc|abd|abe", 3 + 2),
        ("a{50}", 50),
        ("a{2,}", 2 + 1),
        ("a{,3}", 3 + 3),
        (".{20}a", 21),
        ("[ab]{20}c", 20),
        ("[^c]{20}c", 21),
        (r"\w{3}\s", 4),
        (r"(?:a{3}b){4}", 12),
        (r"(?:(?:ab|a){1,60}){1,9}", 60 * 9 * 2 + 60 * 9 + 59 * 9 + 8),
        (r"(?:é|è)x", 2 + 1),  # both begin with the same byte
        (r"[]ab\]]{5}", 5),
        (r"(?i)\ba\b", 1),
        (r"", 0),
    ],
)
def test_the_load_of_a_pattern_is_what_can_be_alive_at_once(written: str, load: int) -> None:
    assert load_of(patterns.translate(written)) == load


@pytest.mark.parametrize(
    ("written", "limit"),
    [
        ("((?:ab|a){1,60}){1,9}", "the limit is 700"),
        ("(?:a?){500}a{500}", "the limit is 700"),
        ("x(?=.{0,90}y)", "the limit is 60"),
        (r"\w{1,20}", "the limit is 6000"),
    ],
)
def test_a_pattern_that_is_too_dear_is_refused_with_the_limit_and_what_to_do(written: str, limit: str) -> None:
    with pytest.raises(BadPattern, match=limit) as refused:
        pattern(written)
    assert "{0,20}" in str(refused.value)


def test_a_rule_with_such_a_pattern_says_its_line_and_its_neighbours_load() -> None:
    rules = compile_rules(rule("dear", "((?:ab|a){1,60}){1,9}") + rule("good", "lamp"))
    assert [each.name for each in rules.rules] == ["good"]
    (section,) = [section for section in rules.sections if section.status != "loaded"]
    assert "the limit is 700" in " ".join(section.notes)


# ---------------------------------------------------------------- what it may cost


def test_a_message_of_ordinary_length_is_judged_without_a_clock() -> None:
    text = "Do you know when you deliver, and can I get my money back? You are all idiots, dm me on telegram. " * 2
    clock = Ticking(1.0)
    verdict = compile_rules(default_rules()).judge(Subject(text), Effort(clock))
    assert verdict.labelling
    assert not verdict.stalled
    assert clock.asked == 0


def test_the_longest_message_is_not_too_long_for_our_own_rules() -> None:
    text = "Do you know when you deliver, and can I get my money back? The chairs you sent are lovely. " * 200
    verdict = compile_rules(default_rules()).judge(Subject(text[:SCANNED]))
    assert not verdict.stalled
    assert verdict.labelling


def test_one_pattern_stops_at_its_share_and_says_that_it_does_not_know() -> None:
    dear, effort = pattern(DEAR), slow(EACH / 3)
    assert dear.spans(LONG, 10, effort) == []
    assert effort.stalled == {id(dear)}
    assert effort.clock.asked == 1 + 1 + 3  # type: ignore[attr-defined] - made anew; the share is gone in three steps


@pytest.mark.parametrize(("written", "mode", "text"), FOUND)
def test_no_step_of_a_dear_pattern_is_larger_than_one_that_may_not_be_interrupted(
    written: str, mode: str, text: str
) -> None:
    one, effort = pattern(written, mode), Counting()
    one.spans(text, 10, effort)
    assert len(effort.bounds) > 1
    assert max(effort.bounds) <= patterns._AT_ONCE < len(text) * 60
    assert sum(effort.bounds) >= len(text.encode())  # it was looked at to its end


class Reading:
    """RE2, and how many bytes it was given each time."""

    def __init__(self, engine: Any, sizes: list[int]) -> None:
        self._engine, self._sizes = engine, sizes

    def search(self, data: bytes, at: int) -> Any:
        self._sizes.append(len(data) - at)
        return self._engine.search(data, at)

    def match(self, data: bytes, at: int) -> Any:
        self._sizes.append(len(data) - at)
        return self._engine.match(data, at)


@pytest.mark.parametrize("mode", MODES)
def test_a_long_text_is_read_a_piece_further_each_time_whatever_it_is_anchored_to(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = pattern("[ab]*[ab]{600}", mode)
    read: dict[str, list[int]] = {}
    engine = patterns._engine
    monkeypatch.setattr(
        patterns, "_engine", lambda source, **how: Reading(engine(source, **how), read.setdefault(source, []))
    )
    assert one.spans(MIXED, 1, Effort(still)) == [(0, SCANNED)]
    assert read
    for sizes in read.values():
        assert max(sizes) == SCANNED
        for before, size in pairwise([0, *sizes]):
            assert size <= before + patterns._STEP // one.load + 1


@pytest.mark.parametrize(
    "written",
    [r"a\B", r"a\b", r"(?:ab|b)\B", r"\Bb\B", "ab$|b", r"(?:^|b)a", r"b\b ?", "a+?b|ab.*a$", r"\ba.{0,3}\b", "^ab"],
)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("text", ["abab ab b.aab", "babab", "é ab b"])
@pytest.mark.parametrize("most", [1, 4])
def test_a_match_that_ends_at_an_edge_is_placed_the_same_in_pieces(
    written: str, mode: str, text: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, data = pattern(written, mode), text.encode()
    monkeypatch.setattr(patterns, "_AT_ONCE", one.load * most)
    monkeypatch.setattr(patterns, "_STEP", one.load * 2)
    for at in range(len(data)):
        at_once = one.engine.search(data, at)
        assert patterns._Steps(one, data, Effort(still)).find(at)[0] == (at_once and at_once.span())


def test_an_expression_is_made_once_for_all_views_of_a_message_and_few_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[str] = []
    dear = [pattern(f"a[ab]{{200}}{end}") for end in "cdefghijklm"]
    engine = patterns._engine
    monkeypatch.setattr(patterns, "_engine", lambda source, **how: made.append(source) or engine(source, **how))
    effort = Effort(still)
    for one in dear:
        one.spans(LONG, 1, effort)
        one.spans(LONG[1:], 1, effort)
    assert len(made) == len(dear)
    assert len(effort.engines) == patterns._KEPT


def test_what_was_found_before_the_share_was_used_up_counts() -> None:
    dear, effort = pattern(DEAR + "|x"), slow()
    found = dear.spans(("x" + "ab" * 10) * 40, 40, effort)
    assert 0 < len(found) < 40
    assert not effort.stalled


def test_five_hundred_dear_patterns_cost_a_message_its_share_and_no_more() -> None:
    rules = compile_rules("".join(rule(f"r{n}", f"a[ab]{{200}}{'cdefg'[n % 5]}") for n in range(MAX_RULES)))
    assert len(rules.rules) == MAX_RULES
    step = EACH / 3
    effort = slow(step)
    verdict = rules.judge(Subject(LONG + "cdefg"), effort)
    assert effort.seconds <= WHOLE + step
    assert len(verdict.stalled) == MAX_RULES
    assert verdict.action is Action.QUEUE


@ALWAYS
@given(st.data())
def test_any_pattern_on_the_longest_text_stays_within_its_share(data: st.DataObject) -> None:
    written, mode, letters = data.draw(hostile)
    try:
        one = pattern(written, mode)
    except BadPattern:
        return
    assert load_of(one.source) <= LOAD
    assert one.engine.programsize <= patterns._STEPS
    effort = slow(EACH / 3)
    found = one.spans(data.draw(texts_of(letters, SCANNED)), 10, effort)
    assert effort.clock.asked <= 1 + 2 + 4  # type: ignore[attr-defined] - however many steps, matches, look-arounds
    assert found or effort.stalled or effort.seconds <= EACH + 2 * EACH / 3


def _words_of(text: str, start: int, end: int) -> tuple[int, int]:
    """A place without what is no word at its ends."""
    at = [place for place in range(start, end) if is_word(text[place])]
    return (at[0], at[-1] + 1) if at else (0, 0)


@ALWAYS
@given(st.data())
def test_a_long_text_looked_at_in_pieces_is_found_the_same(data: st.DataObject) -> None:
    written, mode, letters = data.draw(hostile)
    text = data.draw(texts_of(letters, 150))
    try:
        one = pattern(written, mode)
    except BadPattern:
        return
    at_once = one.spans(text, 10, Effort(still))
    with pytest.MonkeyPatch.context() as small:
        small.setattr(patterns, "_AT_ONCE", one.load * 100)  # bytes
        small.setattr(patterns, "_STEP", one.load * 30)
        effort = Effort(still)
        pieces = one.spans(text, 10, effort)
    if one.by_word:  # of a long match the edges are guessed
        return
    if mode == "full-text" and len(text.encode()) > 100:  # and here, which signs around the words were written
        pieces, at_once = [_words_of(text, *span) for span in pieces], [_words_of(text, *span) for span in at_once]
    assert pieces == at_once[: len(pieces)]
    assert len(pieces) == len(at_once) or one.looks  # of a long match a look-around is not placed


# ---------------------------------------------------------------- what becomes of the message


def judged(rules: str) -> Verdict:
    return compile_rules(rules).judge(Subject(LONG), slow())


@pytest.mark.parametrize(
    ("others", "action"),
    [
        ("", Action.QUEUE),  # nothing else holds: it is not allowed
        (rule("later", "ab", action="queue"), Action.QUEUE),
        (rule("later", "ab", action="hide", more="priority: -1\n"), Action.HIDE),  # it would be hidden either way
        (rule("sooner", "ab", action="hide", more="priority: 9\n"), Action.HIDE),
        (rule("later", "ab", action="allow", more="priority: -1\n"), Action.QUEUE),
        (rule("sooner", "ab", action="allow", more="priority: 9\n"), Action.ALLOW),
    ],
)
def test_where_it_is_unknown_whether_a_rule_holds_a_person_decides_unless_it_makes_no_difference(
    others: str, action: Action
) -> None:
    assert judged(rule("dear", DEAR) + others).action is action


def test_an_exemption_that_was_not_looked_at_to_its_end_keeps_the_rule_below_it_from_hiding() -> None:
    verdict = judged(rule("ours", DEAR, action="allow", more="priority: 9\n") + rule("bad", "ab"))
    assert verdict.deciding.rule.name == "bad"
    assert verdict.action is Action.QUEUE


def test_a_label_that_is_unknown_is_no_reason_to_hide_and_none_to_allow() -> None:
    label = f"---\nname: complaint\nbody (regex, includes): ['{DEAR}']\nlabel: complaint\n"
    assert judged(label).action is Action.QUEUE
    assert judged(label + rule("bad", "ab")).action is Action.HIDE


def test_a_reversed_check_that_was_not_looked_at_to_its_end_does_not_hold() -> None:
    text = f"---\nname: without\n~body (regex, includes): ['{DEAR}']\naction: hide\n"
    verdict = judged(text)
    assert verdict.deciding is None
    assert verdict.action is Action.QUEUE


def test_a_rule_in_shadow_sends_nobody_to_the_queue() -> None:
    assert judged(rule("dear", DEAR, more="shadow: true\n")).action is Action.ALLOW


def test_the_diff_before_promotion_says_that_it_would_be_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("herald.moderate.rules.Effort", slow)
    now, following = compile_rules(rule("good", "lamp")), compile_rules(rule("dear", DEAR))
    (changed,) = changes(now, following, [("m", Subject(LONG))])
    assert (changed.before, changed.after) == ("allow", "queue")


def test_the_message_waits_for_a_person_with_the_reason_and_the_severity_of_the_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("herald.moderate.rules.Effort", slow)
    world = a_world()
    world.store.save_rules(rule("threat", DEAR, more="severity: high\n"))
    event = a_comment(LONG)
    world.store.apply(event, "fb", NOON)
    (outcome,) = moderate([event.message_id], world.herald, NOON)
    assert outcome.action == "queue"
    (decision,) = (made for made, _ in world.store.history(event.message_id))
    assert decision.action is Action.QUEUE
    assert decision.severity is Severity.HIGH
    assert "threat" in decision.rationale
    assert "a person decides" in decision.rationale


# ---------------------------------------------------------------- in CPU seconds (make fuzz)


@pytest.mark.skipif(not FUZZ, reason="CPU seconds are measured by `make fuzz`")
def test_the_worst_pattern_found_costs_less_than_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    worst: list[tuple[float, str, str]] = []

    @ALWAYS
    @given(st.data())
    def look(data: st.DataObject) -> None:
        written, mode, letters = data.draw(hostile)
        try:
            one = pattern(written, mode)
        except BadPattern:
            return
        text = data.draw(texts_of(letters, SCANNED))
        seconds = min(_taken(one, text) for _ in range(2))  # what else runs here is not the pattern's doing
        worst.append((seconds, mode, written))

    look()
    worst.sort(reverse=True)
    with capsys.disabled():
        print(f"\n{len(worst)} hostile patterns ran on {SCANNED:,} characters; the dearest:")
        for seconds, mode, written in worst[:5]:
            print(f"  {seconds * 1000:6.1f} ms  {mode:<14} {written[:120]}")
    assert worst[0][0] <= BAR


def _taken(one: Pattern, text: str) -> float:
    before = thread_time()
    one.spans(text, 10, Effort())
    return thread_time() - before


@pytest.mark.skipif(not FUZZ, reason="CPU seconds are measured by `make fuzz`")
@pytest.mark.parametrize(("written", "mode", "text"), FOUND)
def test_what_was_once_dearer_than_the_bar_no_longer_is(written: str, mode: str, text: str) -> None:
    one = pattern(written, mode)
    assert min(_taken(one, text) for _ in range(3)) <= BAR


@pytest.mark.skipif(not FUZZ, reason="CPU seconds are measured by `make fuzz`")
@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("a[ab]{{200}}{end}", LONG[:-20] + "cdefg"),
        (".*a.{{{count}}}[b-z].{{2}}X?", MIXED),
        ("a.{{15}}{end}{{{count}}}", MIXED + "cdefg" * 4),
        ("(?=.*a.{{20}}[b-z].{{2}}X{{{count}}})a", "".join(Random(1).choices("a🙂", k=SCANNED))),
    ],
)
def test_a_file_of_five_hundred_dear_patterns_costs_a_message_less_than_half_a_second(
    written: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = [written.format(end="cdefg"[n % 5], count=n % 20 + 1) for n in range(MAX_RULES)]
    rules = compile_rules("".join(rule(f"r{n}", each) for n, each in enumerate(texts)))
    assert len(rules.rules) == MAX_RULES
    before = thread_time()
    verdict = rules.judge(Subject(text))
    taken = thread_time() - before
    with capsys.disabled():
        print(f"\n{MAX_RULES} dear patterns on one message: {taken:.2f} s CPU, then {verdict.action}")
    assert taken < 0.5


def test_a_file_of_countless_sections_is_read_only_so_far_and_says_so() -> None:
    loaded = compile_rules("---\na: b\n" * 30_000)
    assert len(loaded.sections) == 2_001
    assert "nothing is read" in loaded.sections[-1].notes[0]
