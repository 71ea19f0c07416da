"""AutoModerator's files at the border: what each key becomes, what is refused where, and that nothing ever raises."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from herald.cli import main
from herald.model import Action, Kind
from herald.moderate.automod import STANDARDS, compile_any, compile_automod, is_automod, to_herald, translate
from herald.moderate.rules import RuleSet, Subject, compile_rules

AUTOMOD = Path(__file__).parents[3] / "shared" / "automod"


def verdict(rules: RuleSet, text: str, **subject: object) -> Action | None:
    deciding = rules.judge(Subject(text, **subject)).deciding  # type: ignore[arg-type]
    return deciding.rule.action if deciding else None


def loaded(text: str) -> RuleSet:
    rules = compile_automod(text)
    assert {section.status for section in rules.sections} == {"loaded"}, [s.notes for s in rules.sections]
    return rules


def notes(text: str) -> str:
    return " | ".join(note for section in compile_automod(text).sections for note in section.notes)


# ---------------------------------------------------------------- what a search means


@pytest.mark.parametrize(
    ("check", "holds", "not_"),
    [
        ("body: [lamp]", "a lamp!", "lamps"),
        ("body (includes): [lamp]", "two lamps", "a lemp"),
        ("body (includes-word): lamp", "lamp", "lampshade"),
        ("body (starts-with): [lamp]", "lamp one", "one lamp"),
        ("body (ends-with): [lamp]", "one lamp", "lamp one"),
        ("body (full-exact): [lamp]", "lamp", "lamp!"),
        ("body (full-text): [lamp]", "“lamp”!", "a lamp"),
        ("body (regex): ['l[ao]mp']", "a lomp", "slomp"),
        ("body (regex, includes): ['l[ao]mp']", "slomp", "lump"),
        ("body (case-sensitive): [LAMP]", "LAMP", "lamp"),
        ("~body: [lamp]", "chair", "lamp"),
        ("body (includes): [' ill']", "I am ill", "skill"),
        ("body (includes, regex): ['(?<!np\\.)shop\\.example']", "see www.shop.example", "see np.shop.example"),
        ("body: 42", "it is 42", "it is 421"),
        ("body_shorter_than: 5", "«four»", "fives"),
    ],
)  # fmt: skip
def test_a_search_means_what_it_means_there(check: str, holds: str, not_: str) -> None:
    rules = loaded(f"{check}\naction: remove\n")
    assert verdict(rules, holds) is Action.HIDE
    assert verdict(rules, not_) is None


def test_joined_fields_are_looked_at_where_they_are() -> None:
    rules = loaded("title+body: [lamp]\naction: remove\n")
    assert verdict(rules, "no", kind=Kind.POST, title="a lamp") is Action.HIDE
    assert verdict(rules, "a lamp", kind=Kind.COMMENT) is Action.HIDE


def test_a_comment_has_no_title_so_neither_a_search_for_it_nor_its_reverse_holds() -> None:
    for check in ("title: [lamp]", "~title: [lamp]"):
        rules = loaded(f"{check}\naction: remove\n")
        assert verdict(rules, "a chair", kind=Kind.COMMENT) is None
    assert verdict(loaded("~title: [lamp]\naction: remove\n"), "x", kind=Kind.POST, title="chair") is Action.HIDE


def test_what_a_link_is_not_is_asked_only_of_messages_with_a_link() -> None:
    rules = loaded("~domain: [good.example]\naction: remove\n")
    assert verdict(rules, "the lamp is broken") is None
    assert verdict(rules, "see https://bad.example/x") is Action.HIDE
    assert verdict(rules, "see https://shop.good.example/x") is None


def test_types_become_kinds_and_a_text_submission_has_no_link() -> None:
    rules = loaded("type: text submission\nbody: [lamp]\naction: remove\n")
    assert verdict(rules, "lamp", kind=Kind.POST) is Action.HIDE
    assert verdict(rules, "lamp https://a.example/", kind=Kind.POST) is None
    assert verdict(rules, "lamp", kind=Kind.COMMENT) is None


def test_a_list_by_name_is_herald_s_own() -> None:
    for name in STANDARDS:
        assert "Herald's own" in notes(f"standard: {name}\naction: remove\n")
    assert (
        verdict(compile_automod("standard: video hosting sites\naction: remove"), "https://youtu.be/x") is Action.HIDE
    )


# ---------------------------------------------------------------- authors and other facts


def test_thresholds_of_an_unknown_author_never_hold() -> None:
    rules = loaded("author:\n  account_age: '< 7'\n  combined_karma: '< 10'\naction: remove\n")
    judged = rules.judge(Subject("x"))
    assert judged.deciding is None
    assert judged.unknown[0][1] == "author.age"
    known = {"author.age": 60.0, "author.reputation": 3.0}
    assert verdict(rules, "x", signals=known) is Action.HIDE
    assert verdict(rules, "x", signals=known | {"author.reputation": 10.0}) is None


def test_any_threshold_is_enough_where_it_says_so() -> None:
    text = "author:\n  account_age: < 8 hours\n  comment_karma: < -10\n  satisfy_any_threshold: true\naction: filter\n"
    assert verdict(loaded(text), "x", signals={"author.age": 479.0, "author.reputation": 50.0}) is Action.QUEUE
    assert verdict(loaded(text), "x", signals={"author.age": 481.0, "author.reputation": -10.0}) is None


def test_names_reports_and_flags() -> None:
    assert verdict(loaded("author: [Mallory]\naction: remove"), "x", author_name="mallory") is Action.HIDE
    assert verdict(loaded("~author: [Mallory]\naction: remove"), "x", author_name="mallory") is None
    assert verdict(loaded("reports: 3\naction: filter"), "x", signals={"reports": 3}) is Action.QUEUE
    assert verdict(loaded("reports: 3\naction: filter"), "x", signals={"reports": 2}) is None
    rules = loaded("is_top_level: true\nparent_submission:\n  title: [offer]\naction: report\n")
    assert verdict(rules, "x", signals={"top_level": True, "thread.title": "an offer"}) is Action.QUEUE
    assert verdict(rules, "x", signals={"top_level": True}) is None


def test_quoted_lines_are_left_out_on_request() -> None:
    rules = loaded("body: [lamp]\nignore_blockquotes: true\naction: remove\n")
    assert verdict(rules, "> a lamp\nyes") is None
    assert verdict(rules, "> yes\na lamp") is Action.HIDE


# ---------------------------------------------------------------- order and actions


def test_removals_go_first_whatever_the_priority_then_reports_then_approvals() -> None:
    text = """
action: approve
body: [a]
priority: 9
---
action: report
body: [b]
priority: 5
---
action: filter
body: [c]
---
action: remove
body: [d]
priority: -3
"""
    rules = loaded(text)
    assert [verdict(rules, words) for words in ("a", "a b", "a b c", "a b d")] == [
        Action.ALLOW, Action.QUEUE, Action.QUEUE, Action.HIDE,
    ]  # fmt: skip
    assert rules.judge(Subject("b c d")).deciding.rule.name == "filter by body"  # type: ignore[union-attr]


def test_what_only_labels_runs_beside_what_decides() -> None:
    rules = loaded("body: [a]\naction: report\nset_flair: Lamps\n---\nbody: [a]\naction: remove\n")
    judged = rules.judge(Subject("a"))
    assert judged.deciding is not None
    assert judged.deciding.rule.action is Action.HIDE
    assert [match.rule.labels for match in judged.labelling] == [("lamps",)]


def test_words_to_people_are_proposals_and_placeholders_become_words() -> None:
    text = "body: [a]\naction: remove\naction_reason: 'no {{match-1}}'\ncomment: 'Hi {{author}}'\nmodmail: look\n"
    rule = loaded(text).rules[0]
    assert rule.rationale == "no {{match}}"
    assert rule.proposes == {"reply": "Hi {{author}}", "notify": "look"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("set_sticky: true\nbody: [a]\nset_flair: x", "ignored"),
        ("author: {is_gold: true}\naction: remove", "true of nothing here"),
        ("body: [a]\nbody: [b]\naction: remove", "written twice"),
        ("body: [a]\nset_suggested_sort: new", "label `noted`"),
        ("body: [a]", "does nothing"),
        ("action: remove", "checks nothing"),
    ],
)
def test_what_has_no_meaning_here_is_noted(text: str, said: str) -> None:
    assert said in notes(text)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("title (matches): [a]\naction: remove", 1, "no modifier"),
        ("body: [a]\naction: delet", 2, "not one of"),
        ("body: [a]\ntitel: [b]\naction: remove", 2, "did you mean `title`"),
        ("type: submision\naction: remove", 1, "did you mean `submission`"),
        ("body: [a\naction: remove", 2, "not YAML"),
        ("reports: many\naction: remove", 1, "whole number"),
        ("standard: no such\naction: remove", 1, "no standard"),
        ("author: {account_age: young}\naction: remove", 1, "comparison"),
    ],
)
def test_a_broken_section_is_told_with_its_line_and_the_rest_loads(text: str, line: int, said: str) -> None:
    rules = compile_automod(f"# above\n---\n{text}\n---\nbody: [good]\naction: remove\n")
    assert [section.status for section in rules.sections] == ["error", "loaded"]
    note = rules.sections[0].notes[0]
    assert note.startswith(f"line {line + 2}: ")
    assert said in note


# ---------------------------------------------------------------- both languages


def test_a_file_of_herald_s_own_is_never_taken_for_theirs() -> None:
    ours = "name: a\nbody: [x]\naction: hide\n---\nname: b\nbody: [x]\naction: remove\n"
    assert not is_automod(ours)
    assert compile_any(ours).sections[1].status == "error"
    assert is_automod("title: [x]\naction: remove\n")


def test_extensions_stand_beside_their_keys() -> None:
    text = """
name: Threat
type: any
policy: {id: SAFETY, clause: 2, version: 3}
any_of: [{body (regex): 'kill (you|u)'}, {scores: {threat: '> 0.7'}}]
action: filter
escalate: {to: legal, within: 30 minutes, severity: high}
test: [{body: I will kill u, expect: filter}, {body: this kills me, expect: none}]
"""
    rules = loaded(text)
    assert [line["status"] for line in rules.report("f")] == ["loaded"]
    assert verdict(rules, "x", signals={"score.threat": 0.8}) is Action.QUEUE


def test_check_and_import_say_what_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "automod.yaml"
    file.write_text("# Lamps\nbody (regex): ['lamp', '(a)\\1']\naction: remove\n")
    assert main(["rules", "check", str(file)]) == 0
    printed = capsys.readouterr()
    line = json.loads(printed.out)
    assert (line["name"], line["status"], line["patterns"]["run"]) == ("Lamps", "partial", 1)
    assert line["patterns"]["left_out"][0]["line"] == 2
    assert "back-reference" in line["patterns"]["left_out"][0]["why"]
    assert "1 of 1 sections load; 1 of 2 patterns run" in printed.err
    main(["rules", "import", str(file)])
    imported = compile_rules(capsys.readouterr().out).rules[0]
    assert (imported.name, imported.shadow) == ("Lamps", True)
    main(["rules", "import", "--live", str(file)])
    assert not compile_rules(capsys.readouterr().out).rules[0].shadow


# ---------------------------------------------------------------- whatever the text


_YAMLISH = st.recursive(
    st.text(max_size=12) | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["type", "body", "title+body (regex)", "~author", "author", "action", "name", "set_flair", "reports",
             "any_of", "parent_submission", "standard", "priority", "test", "scores", "comment", "account_age",
             "~domain", "label"]
        ) | st.text(max_size=8),
        inner, max_size=5,
    ),
    max_leaves=14,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(_YAMLISH, st.text(max_size=40))
@example({"title+body (regex)": ["("], "action": "remove"}, "---")
@example({"author": {"account_age": {"a": 1}}, "type": ["any"]}, "\x00")
def test_translating_never_raises_and_what_is_written_out_is_the_same_rules(value: object, tail: str) -> None:
    text = f"{json.dumps(value)}\n---\nbody: {tail}\naction: remove"
    rules = compile_automod(text)
    again = compile_rules(to_herald(text))
    assert again.hash == rules.hash
    assert all(section.line >= 1 for section in rules.sections)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_no_text_at_all_makes_it_raise(text: str) -> None:
    translate(text)
    compile_any(text)


_HOW = {"full-exact": "^{}$", "full-text": r"^\W*{}\W*$", "includes": "{}",
        "includes-word": r"(?:^|\W|\b){}(?:$|\W|\b)", "starts-with": "^{}", "ends-with": "{}$"}  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(_HOW)), st.booleans(), st.booleans(),
    st.lists(st.text("abc", min_size=2, max_size=4), min_size=1, max_size=3), st.text("abc ,", max_size=14),
)  # fmt: skip
def test_a_search_finds_what_automoderator_s_own_expression_finds(
    mode: str, is_regex: bool, negate: bool, words: list[str], text: str
) -> None:
    body = re.sub(r"[ ,]+", lambda run: run[0][0], text).strip()
    if re.search(r"(?:^|[ ,])[abc](?:[ ,]|$)|(.)\1\1", body) or any(re.search(r"(.)\1\1", word) for word in words):
        return  # single letters and long repeats are disguises, which Herald undoes and Reddit does not
    key = f"{'~' if negate else ''}body ({mode}{', regex' if is_regex else ''})"
    rules = loaded(f"{key}: {json.dumps(words)}\naction: remove\n")
    found = re.search(_HOW[mode].format("(" + "|".join(words) + ")"), body, re.DOTALL | re.IGNORECASE)
    assert (verdict(rules, body) is Action.HIDE) == (bool(found) != negate)


# ---------------------------------------------------------------- files that are made to take long


@pytest.mark.parametrize("words", ["{{match-" * 20_000, "{{" * 60_000, "{{" + " " * 100_000 + "x"])
@pytest.mark.parametrize("key", ["modmail", "set_flair", "action_reason", "comment"])
def test_words_full_of_half_placeholders_are_read_once_and_not_once_for_each(key: str, words: str) -> None:
    loaded(f"body: [spam]\naction: remove\n{key}: '{words}'\n")  # hours, where a look for the end begins at each


def test_of_a_file_of_endless_sections_so_many_are_read_as_of_one_of_our_own_and_the_line_is_said() -> None:
    text = "---\nbody: [spam]\naction: removed\n" * 3_000
    sections = compile_automod(text).sections
    assert len(sections) == 2_001
    assert sections[-1].notes == (
        "line 6002: more than 2,000 sections: from here on nothing is read; make two files of it",
    )
    assert to_herald(text).count("\n---\n") == 2_001


def test_of_a_rule_of_endless_keys_a_thousand_are_read_and_the_nearest_word_is_looked_for_five_times() -> None:
    section = compile_automod("action: remove\n" + "".join(f"bodyy#{n}: [a]\n" for n in range(3_000))).sections[0]
    assert section.status == "error"
    assert section.notes[0] == (
        "line 1001: more than 1,000 keys in one rule: from here on nothing is read; make several rules of it"
    )
    assert sum("did you mean `body`?" in note for note in section.notes) == 4


def test_a_file_over_the_limit_is_not_translated_and_says_so() -> None:
    refused = "# line 1: 1000001 bytes of rules; the limit is 1000000: join rules that do the same"
    assert refused in to_herald("#" * 1_000_001)


def test_what_an_imported_file_says_moves_no_cursor_where_its_faults_are_printed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "theirs.yaml"
    file.write_text('body: [spam]\naction: "\\e]0;mine\\a\\x9b2J\\u202e"\n', encoding="utf-8")
    assert main(["rules", "import", str(file)]) == 1
    err = capsys.readouterr().err
    assert "is not one of remove, spam" in err
    assert all(char.isprintable() for char in err.replace("\n", ""))


# ---------------------------------------------------------------- real files


@pytest.mark.skipif(not AUTOMOD.is_dir(), reason="the shared rule files are not here")
def test_real_files_load_and_almost_all_their_patterns_run() -> None:
    run = left = sections = 0
    for file in sorted(AUTOMOD.glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        assert is_automod(text), file.name
        rules = compile_any(text)
        bad = [section for section in rules.sections if section.status in ("error", "refused")]
        assert len(bad) == ("deltarune" in file.name), (file.name, bad)
        assert compile_rules(to_herald(text)).hash == rules.hash, file.name
        run += sum(section.runs for section in rules.sections)
        left += sum(len(section.left_out) for section in rules.sections)
        sections += len(rules.sections) - len(bad)
    print(f"{sections} sections load; {run} of {run + left} patterns run")
    assert sections >= 250
    assert run >= 0.985 * (run + left)
