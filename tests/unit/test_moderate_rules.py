"""The rule language: what loads, what is refused and where, and what each check means."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from herald.documents import sections
from herald.model import Action, Kind
from herald.moderate import language
from herald.moderate.decide import SCORES, decide_line
from herald.moderate.language import MAX_TERMS, MODIFIERS
from herald.moderate.patterns import BadPattern, Pattern, compile_pattern, translate
from herald.moderate.rules import EVIDENCE, MAX_RULES, RuleSet, Subject, _holds, _record, compile_rules, default_rules

AUTOMOD = Path(__file__).parents[3] / "shared" / "automod"


def one(check: str, *, more: str = "action: hide") -> RuleSet:
    rules = compile_rules(f"name: the rule\n{check}\n{more}\n")
    assert [section.status for section in rules.sections] == ["loaded"], rules.problems
    return rules


def held(rules: RuleSet, text: str, **subject: object) -> bool:
    return rules.judge(Subject(text, **subject)).deciding is not None  # type: ignore[arg-type]


def notes(text: str) -> str:
    return " | ".join(note for section in compile_rules(text).sections for note in section.notes)


def statuses(text: str) -> list[str]:
    return [section.status for section in compile_rules(text).sections]


# ---------------------------------------------------------------- what checks mean


@pytest.mark.parametrize(
    ("check", "hit", "miss"),
    [
        ("body: [cat]", "a cat!", "concatenate"),
        ("body (includes-word): [cat]", "Cat", "cats"),
        ("body (includes): [cat]", "concatenate", "dog"),
        ("body (starts-with): [cat]", "  catalogue", "a cat"),
        ("body (ends-with): [cat]", "bobcat ", "cat!"),
        ("body (full-exact): [cat]", "CAT", "cat!"),
        ("body (full-text): [cat]", "...cat!!", "a cat"),
        ("body (regex): ['c[aou]t+']", "a cuttt here", "cutter"),
        ("body (regex, includes): ['c[aou]t+']", "cutter", "ct"),
        ("body (regex, full-exact): ['c.t']", "cat", "cats"),
        ("body (case-sensitive): [Cat]", "my Cat", "my cat"),
        ("body (regex, case-sensitive): ['Cat']", "my Cat", "my cat"),
        ("body (includes-word): [naïve]", "so naive", "naively"),
        ("body: [don’t know]", "I don't   KNOW", "I do not know"),
        ("body: [404]", "error 404", "4040"),
        ("body: [no]", "no", "nothing"),  # YAML would make it false
        ("body: [c++]", "I like c++ a lot", "I like c"),
        ("~body: [cat]", "dog", "cat"),
        ("body: [cat]\nbody#2: [dog]", "cat and dog", "cat"),
        ("body: [cat]\n~body#2: [dog]", "cat", "cat and dog"),
        ("any_of:\n - body: [cat]\n - body: [dog]", "dog", "bird"),
        ("body: [cat]\nnone_of:\n - body: [dog]\n - body: [bird]", "cat", "cat and bird"),
        ("body_longer_than: 5", "abcdef", "!!abcde!!!!"),
        ("body_shorter_than: 5", "....abcd....", "abcde"),
        ("domain: [evil.example]", "see https://www.evil.example/x.", "see https://notevil.example"),
        ("domain: [evil.example]", "go to sub.evil.example now", "evil example"),
        ("url (includes): [ref=]", "https://shop.example/?ref=7", "ref= https://shop.example"),
        ("url: ['.']", "look http://a.example", "look. here"),
    ],
)
def test_a_check_holds_for_one_text_and_not_for_the_other(check: str, hit: str, miss: str) -> None:
    rules = one(check)
    assert held(rules, hit)
    assert not held(rules, miss)


def test_fields_joined_with_a_plus_are_looked_at_together() -> None:
    rules = one("body+author.name: [spamco]")
    assert held(rules, "hi", author_name="SpamCo")
    assert held(rules, "by spamco")
    assert not held(rules, "hi", author_name="Mia")


def test_the_author_is_asked_by_name() -> None:
    rules = one("author:\n  name (includes): [official support]")
    assert held(rules, "hello", author_name="Bank Official Support")
    assert not held(rules, "official support", author_name="Mia")


def test_kind_platform_and_brand_narrow_a_rule() -> None:
    rules = one("kind: [review, dm]\nplatform: facebook_page\nbrand: [Acme]\nbody: [cat]")
    assert held(rules, "cat", kind=Kind.REVIEW, platform="facebook_page", brand="acme")
    assert not held(rules, "cat", kind=Kind.COMMENT, platform="facebook_page", brand="acme")
    assert not held(rules, "cat", kind=Kind.DM, platform="x", brand="acme")
    assert not held(rules, "cat", kind=Kind.DM, platform="facebook_page", brand="other")


def test_evidence_from_a_link_lies_where_the_link_stands_in_the_text() -> None:
    match = one("domain: [evil.example]").judge(Subject("ééé https://www.evil.example/x")).deciding
    assert match is not None
    (span,) = match.evidence
    assert (span.start, span.end, span.field, span.found) == (16, 28, "body", "evil.example")


# ---------------------------------------------------------------- order


def test_a_link_is_quoted_whole_however_little_of_it_a_rule_asks_for() -> None:
    match = one("url: ['.']").judge(Subject("cheap lamps at http://lamps.example/now today")).deciding
    assert match is not None
    assert [span.found for span in match.evidence] == ["http://lamps.example/now"]


def decided(text: str, yaml: str) -> str | None:
    match = compile_rules(yaml).judge(Subject(text)).deciding
    return match.rule.name if match else None


def rule(name: str, action: str, priority: int = 0, word: str = "cat") -> str:
    return f"---\nname: {name}\nbody: [{word}]\naction: {action}\npriority: {priority}\n"


def test_the_highest_priority_decides_then_hide_before_queue_then_the_order_of_the_file() -> None:
    assert decided("cat", rule("a", "queue") + rule("b", "hide")) == "b"
    assert decided("cat", rule("a", "queue", 1) + rule("b", "hide")) == "a"
    assert decided("cat", rule("a", "hide") + rule("b", "hide")) == "a"


def test_an_exemption_of_higher_priority_stops_and_says_what_it_set_aside() -> None:
    verdict = compile_rules(rule("hider", "hide") + rule("ours", "allow", 5)).judge(Subject("cat"))
    assert verdict.deciding is not None
    assert verdict.deciding.rule.action is Action.ALLOW
    assert verdict.exempted is not None
    assert verdict.exempted.rule.name == "hider"


def test_an_allow_of_equal_priority_exempts_nothing() -> None:
    assert decided("cat", rule("ours", "allow") + rule("hider", "hide")) == "hider"


def test_label_only_rules_all_run_whatever_decides() -> None:
    yaml = rule("hider", "hide") + "---\nname: l1\nbody: [cat]\nlabel: one\n---\nname: l2\nbody: [cat]\nlabel: [two]\n"
    assert [match.rule.name for match in compile_rules(yaml).judge(Subject("cat")).labelling] == ["l1", "l2"]


# ---------------------------------------------------------------- what is wrong, and where


def test_a_broken_section_never_stops_its_neighbours() -> None:
    rules = compile_rules(
        "name: one\nbody: [a]\naction: hide\n---\nname: two\nbody: [a\n---\nname: three\nbody: [b]\nlabel: x\n"
    )
    assert [r.name for r in rules.rules] == ["one", "three"]
    report = rules.report("f.yaml")
    assert [(line["line"], line["name"], line["status"]) for line in report] == [
        (1, "one", "loaded"), (5, "two", "error"), (8, "three", "loaded"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("name: a\nboddy: [x]\naction: hide\n", 2, "did you mean `body`"),
        ("name: a\ntext: [x]\naction: hide\n", 2, "did you mean `body`"),
        ("name: a\nbody (matches): [x]\naction: hide\n", 2, "is no modifier"),
        ("name: a\nbody (include): [x]\naction: hide\n", 2, "did you mean `includes`"),
        ("name: a\nbody (includes, full-text): [x]\naction: hide\n", 2, "exclude each other"),
        ("name: a\nbody: [x]\naction: remove\n", 3, "did you mean `hide`"),
        ("name: a\nbody: [x]\naction: hide\nseverity: severe\n", 4, "severity"),
        ("name: a\nbody: [x]\naction: hide\npriority: high\n", 4, "whole number"),
        ("name: a\nbody: [x]\naction: hide\npolicy: [MOD]\n", 4, "policy"),
        ("name: a\nbody: [x]\naction: hide\npolicy: {id: MOD, claus: 1}\n", 4, "did you mean `clause`"),
        ("name: a\nbody: [x]\naction: hide\nescalate: {to: me, within: soon}\n", 4, "30 minutes"),
        ("name: a\nbody: [x]\naction: hide\nrationale: 'saw {{macth}}'\n", 4, "did you mean `match`"),
        ("name: a\nbody: [x]\nlabel: ['two words']\n", 3, "label"),
        ("name: a\nbody: [x]\naction: hide\nkind: tweet\n", 4, "kind"),
        ("name: a\nbody: {x: y}\naction: hide\n", 2, "not a mapping"),
        ("# hello\n\nbody: [x]\naction: hide\n", 3, "needs a `name`"),
        ("name: a\naction: hide\n", 1, "checks nothing"),
        ("name: a\nbody: [x]\n", 1, "does nothing"),
        ("name: a\nbody: []\naction: hide\n", 2, "nothing to look for"),
        ("name: a\nbody: [x]\naction: hide\n---\nname: a\nbody: [y]\naction: hide\n", 5, "is taken"),
        ("name: a\nbody: &x [x]\naction: hide\n", 2, "anchors"),
        ("name: a\nbody: *x\naction: hide\n", 2, "aliases"),
        ("name: a\nbody: !!python/object/apply:os.system [x]\naction: hide\n", 2, "tags"),
        ("name: a\nbody (regex): ['((?=x)y)+']\naction: hide\n", 2, "look-around"),
        ("name: a\nbody (regex): ['a(?!b(?!c))']\naction: hide\n", 2, "inside another"),
        ("name: a\n~body (regex): ['a(?!b)']\naction: hide\n", 2, "finds less"),
        ("name: a\nbody (regex): ['a(?!b']\naction: hide\n", 2, "not closed"),
        ("name: a\nbody (regex): ['(a)\\1']\naction: hide\n", 2, "back-reference"),
        ("name: a\nbody (regex): ['a*']\naction: hide\n", 2, "every message"),
        ("name: a\nbody (regex): ['[a']\naction: hide\n", 2, "missing ]: [a"),
        ("name: a\nbody (regex): ['a)|(b']\naction: hide\n", 2, "no opening one"),
        ("name: a\nbody (regex): ['((a{100}){100}){100}']\naction: hide\n", 2, "does not compile"),
        ("name: a\nbody: ['\u200b']\naction: hide\n", 2, "invisible"),
        ("- just\n- a list\n", 1, "no rule"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, line: int, said: str) -> None:
    rules = compile_rules(text)
    problems = [problem for problem in rules.problems if said in problem.sentence]
    assert problems, rules.problems
    assert f"line {line}: " in problems[0].sentence


RULE = "name: a\nbody: [x]\naction: hide\n"


@pytest.mark.parametrize(
    ("text", "todo"),
    [
        ("#" * 1_000_001, "line 1: 1000001 bytes of rules; the limit is 1000000: join rules"),
        ("".join(f"---\nname: r{n}\nbody: [w]\nlabel: x\n" for n in range(MAX_RULES + 1)), "join rules"),
        ("---\n- a\n" * (4 * MAX_RULES + 1), "line 4002: more than 2000 sections: from here on nothing is read; join"),
        ("name: a\nbody: [x\naction: hide\n", "close what is open"),
        ("name: a\nbody: x: y\n", "put text with : # [ { or quotes in '...'"),
        ("name: a\nbody: \x01\n", "take such characters out"),
        ("name: a\nbody: \ud800\n", "type it again"),
        ("name: a\nbody: " + "[" * 20 + "]" * 20 + "\n", "write it flatter"),
        (RULE + "rationale: " + "x" * 501, "the limit is 500: shorten it"),
        (RULE + "[a]: b\n", "a key must be text, such as `body`"),
        ("name: ''\nbody: [x]\naction: hide\n", "write one"),
        (RULE + "---\n" + RULE, "choose another"),
        (RULE + "policy: [MOD]\n", "such as `MOD 3.2`"),
        (RULE + "qqqqq: 1\n", "take it out, or write one of those that docs/rules.md lists"),
        (RULE + "body+qqqqq: [x]\n", "take it out, or write one of those that docs/rules.md lists"),
        (RULE + "any_of: []\n", "give it checks"),
        (RULE + "any_of: [{any_of: [{any_of: [{any_of: [{body: x}]}]}]}]\n", "beside the outer ones"),
        ("name: a\nbody: []\naction: hide\n", "give it words"),
        (RULE + "hours: 09:00-09:00 UTC\n", "for the whole day"),
        (RULE + "scores: {toxicity: '> 0.5', toxicity: '> 0.6'}\n", "keep one"),
        (RULE + "language: []\n", "give it a word, or leave it out"),
        ("name: a\nbody: ['\u200b', x]\naction: hide\n", "take it out too"),
        (f"name: a\nbody: ['{'x' * 1_001}', x]\naction: hide\n", "the limit is 1000: shorten it"),
        ("name: a\nbody (regex): ['a*']\naction: hide\n", "mend or replace what was left out"),
        ("name: a\n~body (regex): ['a(?!b)']\naction: hide\n", "write it without"),
        (RULE + "test: [{body: y, expect: hide}]\n", "change what the rule checks, or write `expect: none`"),
        ("name: a\nbody: [x]\nreply: Hi\ntest: [{body: x, expect: hide}]\n", "says allow; "),
    ],
)
def test_what_is_refused_says_its_line_and_what_to_do(text: str, todo: str) -> None:
    told = [note for section in compile_rules(text).report("f") for note in section["notes"]]  # type: ignore[attr-defined] - a list
    assert any(todo in note for note in told), told[:5]
    assert all(note.startswith("line ") for note in told)


@pytest.mark.parametrize(
    ("pattern", "todo"),
    [
        ("x" * 1_001, "make several of it"),
        ("a*", "say what must be there"),
        ("(a", r"write \( for one"),
        ("[a", r"write \[ for one"),
        ("a)", r"write \) for one"),
        ("a{1001}", "1000 at the most"),
        ("a++", "write one of"),
        ("*a", r"write what is repeated before it, or \*"),
        ("[z-a]", "from the lower sign to the higher"),
        (r"\p{Foo}", r"such as \p{Greek}"),
        ("(?z)a", "after (? there may stand"),
        (r"\q", "a backslash before signs only"),
        (r"\w{1,400}", "use smaller counts"),
        ("(?=a", "add its closing bracket"),
        ("(?#a", "add its closing bracket"),
        ("(?P<n", "write (?: for a group"),
        ("a\\", r"write \\ for one"),
        (r"\u12", r"as \u00e9"),
        (r"\U12", r"as \U000000e9"),
        ("(?>a)", "a plain group"),
        (r"(a)\1", "write the cases out"),
    ],
)
def test_a_pattern_that_cannot_run_says_what_to_write(pattern: str, todo: str) -> None:
    with pytest.raises(BadPattern, match=re.escape(todo)):
        compile_pattern(pattern, "includes", case_sensitive=False)


def test_all_that_is_wrong_in_a_section_is_said_at_once() -> None:
    said = notes("name: a\nboddy: [x]\naction: remove\nseverity: bad\n")
    assert all(f"line {line}:" in said for line in (2, 3, 4))


def test_of_two_equal_keys_the_last_counts_and_a_note_says_so() -> None:
    text = "name: a\nbody: [cat]\nbody: [dog]\naction: hide\n"
    rules = compile_rules(text)
    assert statuses(text) == ["loaded"]
    assert "written twice" in notes(text)
    assert held(rules, "dog")
    assert not held(rules, "cat")


def test_a_rule_that_loses_one_pattern_runs_with_the_rest_and_is_partial() -> None:
    text = "name: a\nbody (regex): ['fo+', '(a)\\1y']\naction: hide\n"
    assert statuses(text) == ["partial"]
    assert held(compile_rules(text), "foo")


@pytest.mark.parametrize(
    "check",
    ["~body (regex): ['fo+', '(?<!x)y']", "none_of:\n - body (regex): ['fo+', '(?<!x)y']"],
)
def test_a_negated_check_that_would_lose_a_pattern_is_refused_because_it_would_hold_more_often(check: str) -> None:
    text = f"name: a\nbody#1: [z]\n{check}\naction: hide\n"
    assert statuses(text) == ["refused"]


def test_limits_are_told_and_what_came_before_still_works() -> None:
    many = "".join(f"---\nname: r{n}\nbody: [w{n}]\naction: hide\n" for n in range(MAX_RULES + 1))
    rules = compile_rules(many)
    assert len(rules.rules) == MAX_RULES
    assert rules.sections[-1].status == "refused"
    words = ", ".join(f"w{n}" for n in range(MAX_TERMS))
    rules = compile_rules(f"name: a\nbody: [x]\naction: hide\n---\nname: b\nbody: [{words}]\naction: hide\n")
    assert [r.name for r in rules.rules] == ["a"]
    assert compile_rules("#" * 1_000_001).problems[0].sentence.startswith("line 1: 1000001 bytes")
    assert "the limit is 1000" in notes(f"name: a\nbody: [{'x' * 1001}]\naction: hide\n")
    assert "the limit is 1000" in notes(f"name: a\nbody (regex): [{'x' * 1001}]\naction: hide\n")


@pytest.mark.parametrize(("pattern", "most"), [("x\\w{4}N", 200), ("\\w{40}N", 50), ("[\\w-]{60}N", 50)])
def test_patterns_that_take_long_to_load_count_for_many_so_no_set_keeps_moderation_from_starting(
    pattern: str, most: int
) -> None:
    """A set is loaded whenever a function starts: what was saved must load in about a second, come what may."""
    tried: list[str] = []
    real = language.compile_pattern

    def counted(text: str, mode: str, *, case_sensitive: bool) -> Pattern:
        tried.append(text)
        return real(text, mode, case_sensitive=case_sensitive)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(language, "compile_pattern", counted)
        terms = ", ".join(f"'{pattern.replace('N', str(n))}'" for n in range(2_000))
        rules = compile_rules(f"name: A\naction: queue\nrationale: x\nbody (regex): [{terms}]\n")
    assert len(tried) <= most
    assert "where a pattern counts as one for each 100 steps" in str(rules.problems)


@pytest.mark.parametrize("said", ["too large", "small program"])
def test_a_pattern_that_only_speaks_of_size_counts_as_one(said: str) -> None:
    """RE2 quotes what was written; a bracket that is not closed costs next to nothing."""
    terms = ", ".join(f"'[{said} {n}'" for n in range(60))
    assert statuses(f"name: A\naction: queue\nbody (regex): [fo+, {terms}, ba+]\n") == ["partial"]
    assert "terms in one set" not in notes(f"name: A\naction: queue\nbody (regex): [fo+, {terms}, ba+]\n")


def test_of_a_rule_of_endless_keys_a_thousand_are_read_and_the_nearest_word_is_looked_for_five_times() -> None:
    section = compile_rules("name: A\n" + "".join(f"bodyy#{n}: [a]\n" for n in range(3_000))).sections[0]
    told = "line 1001: more than 1,000 keys in one rule: from here on nothing is read; make several rules of it"
    assert told in section.notes
    assert sum("did you mean `body`?" in note for note in section.notes) == 4


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    assert statuses("name: a\nbody: " + "[" * 5_000) == ["error"]
    assert statuses("a: {" * 5_000) == ["error"]


def test_line_numbers_survive_comments_blank_lines_and_windows_line_ends() -> None:
    text = "# top\r\n\r\nname: a\r\nbody: [x]\r\naction: hide\r\n--- # next\r\n\r\n# c\r\nname: b\r\nboddy: [x]\r\n"
    rules = compile_rules(text)
    assert [section.line for section in rules.sections] == [3, 9]
    assert "line 10:" in rules.problems[0].sentence


def test_an_inline_test_that_fails_is_an_error_of_the_check_with_its_line() -> None:
    text = (
        "name: a\nbody: [cat]\naction: hide\ntest:\n  - {body: a cat, expect: hide}\n  - {body: a dog, expect: hide}\n"
    )
    (line,) = compile_rules(text).report("f")
    assert line["status"] == "error"
    assert line["notes"] == [
        "line 6: the test expects hide, the rule by itself says none; "
        "change what the rule checks, or write `expect: none`"
    ]


def test_the_hash_follows_the_content_and_not_its_layout() -> None:
    text = "name: a\nbody: [cat, dog]\naction: hide\n"
    same = "# a comment\n---\nname:   a\nbody:\n  - cat\n  - dog\naction: hide\n"
    assert compile_rules(text).hash == compile_rules(same).hash
    assert compile_rules(text).hash != compile_rules(text.replace("dog", "bird")).hash
    assert compile_rules(text).hash != compile_rules(text.replace("hide", "queue")).hash


# ---------------------------------------------------------------- whatever comes

BITS = st.sampled_from(
    ["name: a\n", "name: b\n", "---\n", "---", "body: [x]\n", "body (regex): ['(']\n", "body", ": ", "[", "]", "{", "}",
     "- ", "&a ", "*a", "!!x ", "|\n", ">\n  x\n", "'", '"', "\t", "  ", "\n", "#", "action: hide\n", "label: y\n",
     "any_of:\n - body: [q]\n", "test: [{body: x, expect: hide}]\n", "\u0000", "\ud800", "\u2028", "é", "~", "%", "@",
     "policy: MOD 1.1\n", "author: {name: [z]}\n", "<<: {a: b}\n", "? x\n", "\ufeff"]
)  # fmt: skip


@given(st.one_of(st.lists(BITS, max_size=25).map("".join), st.text(max_size=200)))
@example("? [a, b]\n: x\n")
@example("%YAML 9.9\n---\nname: a")
@settings(max_examples=300, deadline=None)
def test_compiling_never_raises_and_each_section_gets_a_line(text: str) -> None:
    rules = compile_rules(text)
    report = rules.report("x")
    assert len(report) == len(list(sections(text)))
    assert all(line["status"] in ("loaded", "partial", "refused", "error") for line in report)
    rules.judge(Subject(text, author_name=text))


@given(st.text(alphabet="ab()[]{}|*+?\\.^$wWdDsSbB1,-:=!<>#PuUxé \u200b", max_size=30), st.sampled_from(MODIFIERS[:6]))
@settings(max_examples=300, deadline=None)
def test_any_pattern_runs_or_is_refused_in_words(pattern: str, mode: str) -> None:
    try:
        compiled = compile_pattern(pattern, mode, case_sensitive=False)
    except BadPattern as bad:
        refused = str(bad)
    else:
        refused = ""
    if refused:
        return
    text = "aab a1b_wé (x)[y] \u200b"
    for start, end in compiled.spans(text, 10):
        assert 0 <= start < end <= len(text)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){20}", "([a-z]+)*x", "(a|b)*a(a|b){20}c"])
def test_patterns_that_stall_others_run_in_re2_over_ten_thousand_characters(pattern: str) -> None:
    import re2

    compiled = compile_pattern(pattern, "includes", case_sensitive=False)
    assert isinstance(compiled.engine, re2._Regexp)
    rules = one(f"body (regex, includes): ['{pattern}']")
    rules.judge(Subject("a" * 9_999 + "!"))


@pytest.mark.parametrize(
    ("written", "hit", "miss"),
    [
        (r"\w+ität", "Qualität", "+ität"),
        (r"[\w-]+ё", "приё", "ё"),
        (r"\d{3}", "٣٤٥", "abc"),
        (r"a\sb", "a\u00a0b", "ab"),
        (r"[^\W\d]{2}", "éé", "12"),
        (r"\u00e9t\u00e9", "été", "ete"),
        (r"a(?#comment)b", "ab", "a b"),
        (r"a{,2}b", "aab", "c"),
        (r"(?P<x>a)(?P<y>b)", "ab", "ba"),
        (r"\é", "é", "f"),
        (r"[[a]b", "[b", "cb"),
        (r"[]a]b", "]b", "cb"),
    ],
)
def test_python_notation_means_in_re2_what_it_means_in_python(written: str, hit: str, miss: str) -> None:
    compiled = compile_pattern(written, "includes", case_sensitive=False)
    assert compiled.spans(hit, 1)
    assert not compiled.spans(miss, 1)


def test_a_word_edge_is_unicode_in_includes_word() -> None:
    compiled = compile_pattern("na", "includes-word", case_sensitive=False)
    assert not compiled.spans("naïve", 1)
    assert compiled.spans("é na é", 1) == [(2, 4)]
    assert compile_pattern(r"\bété\b", "includes-word", case_sensitive=False).spans("un été chaud", 1) == [(3, 6)]


def test_brackets_and_classes_translate_to_something_re2_reads() -> None:
    assert translate("(a)(?:b)(?i)c") == "(?:a)(?:b)(?i)c"


@pytest.mark.parametrize("file", sorted(AUTOMOD.glob("*.yaml")) or [None], ids=lambda f: f.stem[:12] if f else "absent")
def test_a_real_automoderator_file_gets_a_line_a_section_and_no_crash(file: Path | None) -> None:
    if file is None:
        pytest.skip("../shared/automod is not here: real AutoModerator files were not tried")
    text = file.read_text(encoding="utf-8")
    report = compile_rules(text).report(file.name)
    count = len(list(sections(text)))
    assert count > 0
    assert len(report) == count
    lines = text.count("\n") + 1
    assert all(1 <= int(str(line["line"])) <= lines for line in report)


# ---------------------------------------------------------------- look-around


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(
        ["(?<!a)bc", "b(?!c)", "(?<=aa|cc)b", "ab(?=c)", "^(?!.*cc)a", "(?:a(?!b)|b(?<!cb))", "(?=.*c)ab?", "a(?![bc])"]
    ),
    st.text("abc ", max_size=12),
)
def test_a_look_around_finds_what_python_finds(pattern: str, text: str) -> None:
    compiled = compile_pattern(pattern, "includes", case_sensitive=True)
    found = [match.span() for match in re.finditer(pattern, text, re.DOTALL)]
    assert set(compiled.spans(text, 50)) <= {(start, end) for start, end in found if start < end}
    if "?" not in pattern.replace("(?", ""):  # no choice within the match: then nothing is missed either
        assert compiled.spans(text, 50) == [span for span in found if span[0] < span[1]]


@pytest.mark.parametrize("pattern", ["a(?!.*b)", "(?<!b)a", "(?=(?:a|b)*a(?:a|b){12}c)a", "a(?=a*$)"])
def test_look_arounds_read_a_bounded_part_of_a_long_text(pattern: str) -> None:
    compiled = compile_pattern(pattern, "includes", case_sensitive=False)
    start = process_time()
    compiled.spans("a" * 10_000, 10)
    assert process_time() - start < 0.5  # the bar is 50 ms; a stall would be minutes


def test_a_word_that_hundreds_of_rules_name_is_kept_ten_times_for_each_however_often_it_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept: list[int] = []

    def recorded(hits: dict[int, Any], check: int, *where: Any) -> bool:
        kept.append(check)
        return _record(hits, check, *where)

    monkeypatch.setattr("herald.moderate.rules._record", recorded)
    found = compile_rules("".join(f"---\nname: r{n}\nbody: [you]\naction: queue\n" for n in range(200)))
    match = found.judge(Subject("you " * 2_500)).deciding
    assert match
    assert len(match.evidence) == EVIDENCE
    assert len(kept) == 200 * EVIDENCE


# ---------------------------------------------------------------- which rules are asked at all


def asked(monkeypatch: pytest.MonkeyPatch, rules: RuleSet, subject: Subject) -> list[str]:
    names: list[str] = []

    def counted(rule: Any, *given: Any) -> Any:
        names.append(rule.name)
        return _holds(rule, *given)

    monkeypatch.setattr("herald.moderate.rules._holds", counted)
    rules.judge(subject)
    return names


def test_of_a_plain_message_no_rule_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    low: dict[str, object] = {f"score.{name}": 0.1 for name in SCORES} | {"contains": ()}
    text = "The parcel came on Tuesday, the lamp stands in the hall and the driver was kind. Order 471."
    assert asked(monkeypatch, compile_rules(default_rules()), Subject(text, signals=low)) == []


@pytest.mark.parametrize(
    ("value", "asks", "holds"),
    [
        (0.2, "", ""), (0, "", ""), (0.3, "3", "3"), (0.55, "35", "35"), (1, "359", "359"), (True, "359", "359"),
        (float("nan"), "359", ""), ("0.2", "359", ""), (None, "359", ""),
    ],
)  # fmt: skip
def test_a_number_that_is_too_low_rules_out_many_rules_at_once_and_nothing_else_does(
    value: object, asks: str, holds: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = compile_rules("".join(f"---\nname: '{n}'\nscores: {{toxic: '>= 0.{n}'}}\nlabel: high\n" for n in (3, 5, 9)))
    subject = Subject("hello", signals={} if value is None else {"score.toxic": value})
    assert "".join(asked(monkeypatch, rules, subject)) == asks
    assert "".join(match.rule.name for match in rules.judge(subject).labelling) == holds


# ---------------------------------------------------------------- conditions


NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("check", "holding", "failing"),
    [
        ("scores: {threat: '> 0.8'}", {"score.threat": 0.81}, {"score.threat": 0.8}),
        ("scores: {self-harm: '>= 0.5', sentiment: '< -0.2'}", {"score.self_harm": 0.5, "score.sentiment": -0.3},
         {"score.self_harm": 0.5, "score.sentiment": 0.0}),
        ("label: {complaint: '> 0.6'}", {"score.complaint": 0.7}, {"score.complaint": 0.1}),
        ("persona: [troll, angry]", {"persona": "angry"}, {"persona": "unhappy"}),
        ("~persona: [troll]", {"persona": "angry"}, {"persona": "troll"}),
        ("contains: [pii.phone]", {"contains": ("pii.email", "pii.phone")}, {"contains": ()}),
        ("contains: pii", {"contains": ("pii.iban",)}, {"contains": ("piix",)}),
        ("language: [en, de]", {"language": "de"}, {"language": "fr"}),
        ("rate: {by: author, count: '> 5', within: 2 hours}", {"rate.author.120m": 6}, {"rate.author.120m": 5}),
        ("signals: {reports: '>= 3'}", {"reports": 3}, {"reports": 2}),
        ("signals: {author.age: '< 30 days'}", {"author.age": 43_199.0}, {"author.age": 43_200.0}),
        ("signals: {edited: false}", {"edited": False}, {"edited": True}),
        ("thread.title: [offer]", {"thread.title": "an offer"}, {"thread.title": "a lamp"}),
        ("~thread.title: [offer]", {"thread.title": "a lamp"}, {"thread.title": "an offer"}),
        ("none_of: [{persona: troll}]", {"persona": "angry"}, {"persona": "troll"}),
    ],
)  # fmt: skip
def test_a_condition_reads_what_is_known_and_never_holds_on_what_is_not(
    check: str, holding: dict[str, object], failing: dict[str, object]
) -> None:
    rules = one(check)
    assert held(rules, "x", signals=holding)
    assert not held(rules, "x", signals=failing)
    judged = rules.judge(Subject("x"))
    assert judged.deciding is None
    assert [rule for rule, _ in judged.unknown] == ["the rule"]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(
        ["scores: {threat: '%s 0'}", "signals: {reports: '%s 0'}", "rate: {by: post, count: '%s 0', within: 1 day}"]
    ),
    st.sampled_from(["<", "<=", "=", ">=", ">"]), st.booleans(), st.sampled_from(["", "any_of", "none_of"]),
    st.none() | st.just(float("nan")) | st.text(max_size=3),
)  # fmt: skip
def test_no_rule_runs_on_a_missing_signal(check: str, op: str, negate: bool, group: str, junk: object) -> None:
    inner = ("~" if negate else "") + check % op
    rules = one(f"{group}: [{{{inner}}}]" if group else inner)
    names = ("score.threat", "reports", "rate.post.1440m")
    assert rules.judge(Subject("x", signals=dict.fromkeys(names, junk))).deciding is None
    assert rules.judge(Subject("x")).deciding is None


def test_one_entry_that_holds_is_enough_though_another_is_unknown() -> None:
    rules = one("any_of: [{scores: {threat: '> 0.8'}}, {body: [kill]}]")
    assert held(rules, "kill")
    assert not held(rules, "calm")


def test_hours_are_those_of_the_zone_and_may_pass_midnight() -> None:
    rules = one("hours: '22:00-07:00 Australia/Sydney'")  # noon in UTC is 23:00 there
    assert held(rules, "x", at=NOON)
    assert not held(rules, "x", at=NOON.replace(hour=20))
    assert not held(rules, "x")


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("scores: {thret: '> 0.8'}", "did you mean `threat`"),
        ("scores: {threat: high}", "no comparison"),
        ("scores: [threat]", "mapping"),
        ("rate: {by: moon, count: '> 5', within: 1 hour}", "counted by"),
        ("rate: {by: author}", "needs"), ("rate: {by: post, count: '> 5', within: 8 days}", "7 days"),
        ("rate: {by: text, count: '> 5', within: 999999999999 years}", "7 days"),
        ("hours: 'night'", "22:00-07:00"),
        ("hours: '22:00-07:00 Nowhere/Else'", "no time zone"),
        ("language: []", "empty"),
        ("language: [german]", "language knows no `german`; there are en, de"),
        ("persona: [angry, trol]", "did you mean `troll`"),
        ("~contains: [pii.fone]", "did you mean `pii.phone`"),
    ],
)
def test_a_condition_that_is_wrong_is_said_with_its_line(check: str, said: str) -> None:
    text = f"name: a\nbody: [x]\n{check}\naction: hide\n"
    assert "line 3: " in notes(text)
    assert said in notes(text)


@pytest.mark.parametrize(
    "order",
    ["label: {complaint: '> 0.6'}\nlabel#2: [upset]", "label#2: {complaint: '> 0.6'}\nlabel: [upset]"],
)
def test_a_label_is_asked_for_and_another_given_in_either_order(order: str) -> None:
    rules = compile_rules(f"name: a\n{order}\naction: queue\n")
    assert not rules.problems
    assert rules.rules[0].labels == ("upset",)
    assert held(rules, "x", signals={"score.complaint": 0.7})
    assert not held(rules, "x", signals={"score.complaint": 0.5})


def test_a_rationale_may_tell_the_scores_it_rests_on() -> None:
    told = "rationale: 'Threat {{score-threat}}: “{{match}}”.'"
    rules = compile_rules(f"name: a\nbody (includes-word): [kill you]\naction: queue\n{told}\n")
    line = decide_line({"id": 1, "text": "I will kill you"}, rules, now=NOON)
    assert re.fullmatch(r"Threat 0\.\d\d: “kill you”\.|Threat 1\.00: “kill you”\.", str(line["rationale"]))
    wrong = "name: a\nbody: [x]\naction: hide\nrationale: '{{score-thret}}'\n"
    assert "unknown placeholder {{score-thret}}" in notes(wrong)


def test_a_test_may_give_signals_and_fails_with_its_line() -> None:
    tested = "test:\n  - {body: x, signals: {score.threat: 0.5}, expect: hide}\n"
    text = f"name: a\nscores: {{threat: '> 0.8'}}\naction: hide\n{tested}"
    report = compile_rules(text).report("f")[0]
    assert report["status"] == "error"
    assert "line 5" in str(report["notes"])


def _outcome(checks: str, test: str) -> tuple[object, str]:
    (line,) = compile_rules(f"name: a\n{checks}action: queue\ntest:\n  - {{{test}}}\n").report("f")
    return line["status"], str(line["notes"])


def test_a_test_may_say_when_the_text_was_written_by_the_clock_of_the_rules_hours() -> None:
    night = "hours: '22:00-07:00 Australia/Sydney'\n"
    assert _outcome(night, 'body: x, at: "2026-10-03 23:30", expect: queue')[0] == "loaded"
    assert _outcome(night, 'body: x, at: "2026-10-03 12:00", expect: none')[0] == "loaded"
    status, said = _outcome(night, 'body: x, at: "2026-10-03 12:00", expect: queue')
    assert status == "error"
    assert "line 5: the test expects queue, the rule by itself says none" in said
    nested = "any_of:\n  - {hours: '09:00-17:00 Asia/Tokyo', body: [x]}\n"
    (line,) = compile_rules(f"name: a\ntest:\n  - {{body: x, at: 2026-10-03 16:59, expect: queue}}\n"
                            f"{nested}action: queue\n").report("f")  # fmt: skip
    assert line["status"] == "loaded", "the hours may come after the test, and stand in a group"


def test_without_a_time_hours_are_unknown_in_a_test_and_without_hours_a_time_changes_nothing() -> None:
    night = "hours: '22:00-07:00 UTC'\n"
    assert _outcome(night, "body: x, expect: none")[0] == "loaded"
    assert "or say when it was written: `at: " in _outcome(night, "body: x, expect: queue")[1]
    assert _outcome("body: [x]\n", 'body: x, at: "2026-10-03 23:30", expect: queue')[0] == "loaded"


@pytest.mark.parametrize("said", ["tonight", "23:30", "2026-10-03", "2026-02-30 10:00", "0001-01-01 00:00", "[a]"])
def test_a_time_of_a_test_that_is_no_time_is_refused_at_its_line(said: str) -> None:
    status, told = _outcome("body: [x]\n", f"body: x, expect: queue, at: {said}")
    assert status == "error"
    assert "line 5: at must be " in told


# ---------------------------------------------------------------- shadow


def test_a_rule_in_shadow_is_recorded_and_nothing_is_done_by_it() -> None:
    rules = compile_rules("name: new\nmode: shadow\nbody: [lamp]\naction: hide\nlabel: lamp\n---\n"
                          "name: old\nbody: [lamp]\naction: queue\n")  # fmt: skip
    judged = rules.judge(Subject("a lamp"))
    assert judged.deciding is not None
    assert judged.deciding.rule.name == "old"
    assert judged.labelling == ()
    assert [match.rule.name for match in judged.shadow] == ["new"]
    line = decide_line({"id": 1, "text": "a lamp"}, rules, now=NOON)
    assert (line["action"], line["labels"]) == ("queue", [])
    assert "in shadow, not acted on: new would hide" in str(line["trace"])
    live = compile_rules("name: new\nbody: [lamp]\naction: hide\nlabel: lamp\n")
    assert live.hash != compile_rules("name: new\nmode: shadow\nbody: [lamp]\naction: hide\nlabel: lamp\n").hash
