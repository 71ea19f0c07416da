"""The audit chain shows every change, gap and swap."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from herald.govern.audit import canonical, compare, digest, seal, verify
from herald.model import AuditEntry, Placed

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def an_entry(n: int = 0, **more: object) -> AuditEntry:
    facts = {"clause": "MOD 3.1 v2", "count": n, "first": n == 0, "note": None}
    entry = AuditEntry("example", 0, NOON + timedelta(seconds=n), "priya", "Hide", f"facebook_page:1_{n}", facts)
    return replace(entry, **more)  # type: ignore[arg-type]


def a_chain(length: int) -> list[AuditEntry]:
    chain: list[AuditEntry] = []
    for n in range(length):
        chain.append(seal(an_entry(n), chain[-1] if chain else None))
    return chain


def test_a_chain_as_it_was_written_holds():
    chain = a_chain(5)
    assert [entry.seq for entry in chain] == [1, 2, 3, 4, 5]
    assert chain[0].previous == ""
    assert all(later.previous == earlier.digest for earlier, later in pairwise(chain))
    assert verify(chain, head=chain[-1]) == []
    assert verify([]) == []


def test_the_digest_of_a_known_entry_is_known():
    """Guards the format: a change of the canonical form would break every chain already written."""
    entry = seal(an_entry(), None)
    assert canonical(entry) == (
        '{"actor":"priya","at":"2026-11-22T12:00:00.000000+00:00","chain":"example","facts":{"clause":"MOD 3.1 v2",'
        '"count":0,"first":true,"note":null},"seq":1,"subject":"facebook_page:1_0","what":"Hide"}'
    )
    assert entry.digest == "2c42015a5e94174efdaae024ddaa2422469f82314c9f89430249350cd656d9ca"


def test_the_same_moment_in_another_zone_and_facts_in_another_order_are_the_same_entry():
    entry = seal(an_entry(), None)
    elsewhere = NOON.astimezone(timezone(timedelta(hours=11)))
    reordered = dict(reversed(list(an_entry().facts.items())))
    assert seal(an_entry(at=elsewhere, facts=reordered), None).digest == entry.digest


TAMPERED = {
    "chain": "other", "seq": 9, "at": NOON + timedelta(days=1), "actor": "hana", "what": "Unhide", "subject": "x:2",
    "facts": {}, "previous": "0" * 64, "digest": "0" * 64,
}  # fmt: skip


@pytest.mark.parametrize("field", TAMPERED)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_any_changed_field_is_found(field: str, place: int):
    chain = a_chain(5)
    chain[place] = replace(chain[place], **{field: TAMPERED[field]})
    assert verify(chain) != []


def test_an_entry_changed_and_sealed_anew_is_found_by_the_one_after_it():
    chain = a_chain(4)
    chain[1] = seal(replace(chain[1], actor="hana"), chain[0])
    assert any("3" in problem and "does not follow" in problem for problem in verify(chain))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 4), st.integers(0, 63), st.sampled_from([1, 2, 4, 8]))
def test_one_flipped_bit_of_a_digest_is_found(place: int, at: int, bit: int):
    chain = a_chain(5)
    text = chain[place].digest
    flipped = text[:at] + f"{int(text[at], 16) ^ bit:x}" + text[at + 1 :]
    chain[place] = replace(chain[place], digest=flipped)
    assert verify(chain) != []


@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_dropped_entry_is_found(place: int):
    chain = a_chain(5)
    del chain[place]
    assert any("missing or out of order" in problem for problem in verify(chain))


def test_two_swapped_entries_are_found():
    chain = a_chain(5)
    chain[1], chain[2] = chain[2], chain[1]
    assert verify(chain) != []


def test_an_entry_written_twice_is_found():
    chain = a_chain(3)
    assert verify([*chain, chain[-1]]) != []


def test_a_chain_cut_off_at_its_end_is_found_against_the_head_kept_elsewhere():
    chain = a_chain(5)
    assert verify(chain[:-1]) == []  # nothing in the chain itself can show it
    [problem] = verify(chain[:-1], head=chain[-1])
    assert "ends at 4" in problem
    [problem] = verify([], head=chain[-1])
    assert "nothing" in problem


def test_a_whole_chain_written_anew_is_found_against_the_head():
    forged: list[AuditEntry] = []
    for n in range(5):
        forged.append(seal(an_entry(n, actor="hana"), forged[-1] if forged else None))
    assert verify(forged) == []
    assert len(verify(forged, head=a_chain(5)[-1])) == 1


def test_a_chain_is_verified_page_by_page():
    chain = a_chain(6)
    assert verify(chain[:3]) == verify(chain[3:], after=chain[2], head=chain[-1]) == []
    assert verify(chain[4:], after=chain[2]) != []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"at": datetime(2026, 11, 22, 12)}, "time zone"),  # noqa: DTZ001
        ({"facts": {"score": 0.5}}, "float"),
        ({"facts": {"list": [1]}}, "list"),
        ({"facts": {"text": "x" * 201}}, "hash"),
    ],
)
def test_what_has_no_single_form_or_no_place_in_the_audit_is_not_sealed(more: dict[str, object], words: str):
    with pytest.raises(ValueError, match=words):
        seal(an_entry(**more), None)


def test_an_entry_cannot_go_on_from_another_chain():
    with pytest.raises(ValueError, match="chain other"):
        seal(an_entry(chain="other"), a_chain(1)[0])


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.text(max_size=9), st.none() | st.booleans() | st.integers() | st.text(max_size=20), max_size=5)
)
def test_any_facts_are_sealed_and_verified(facts: dict[str, str | int | bool | None]):
    entry = seal(an_entry(facts=facts), None)
    assert entry.digest == digest(entry)
    assert verify([entry]) == []


# ---------------------------------------------------------------- against the copy


LATER = NOON + timedelta(days=1)


def placed(chain: list[AuditEntry]) -> list[Placed]:
    return [Placed(place, entry) for place, entry in enumerate(chain, 1)]


def said(table: list[Placed], copies: list[Placed], *, settled: datetime = LATER) -> tuple[str, ...]:
    return compare("example", table, copies, settled=settled).problems


def sealed_anew(chain: list[AuditEntry]) -> list[AuditEntry]:
    """What somebody who can write the table and knows the formula would leave."""
    forged: list[AuditEntry] = []
    for entry in chain:
        forged.append(seal(replace(entry, chain="example"), forged[-1] if forged else None))
    return forged


def test_a_chain_and_its_copy_as_they_were_written_hold() -> None:
    chain = a_chain(5)
    compared = compare("example", placed(chain), reversed(placed(chain) + placed(chain[:2])), settled=LATER)
    assert (compared.entries, compared.copied, compared.waiting, compared.problems) == (5, 5, 0, ())
    assert compared.head == chain[-1]
    assert said([], []) == ()


def test_an_entry_changed_and_the_rest_sealed_anew_is_found_by_the_copy() -> None:
    chain = a_chain(6)
    forged = sealed_anew([*chain[:2], replace(chain[2], actor="hana"), *chain[3:]])
    assert verify(forged) == []
    assert said(placed(forged), placed(chain)) == tuple(
        f"example {n}: differs from its locked copy" for n in (3, 4, 5, 6)
    )


@pytest.mark.parametrize("kept", [0, 1, 4])
def test_an_end_cut_off_is_found_entry_by_entry(kept: int) -> None:
    chain = a_chain(5)
    gone = tuple(f"example {n}: is gone from the table; its locked copy holds it" for n in range(kept + 1, 6))
    assert said(placed(chain[:kept]), placed(chain)) == gone


def test_a_dropped_entry_is_named_though_the_rest_was_sealed_anew_around_the_gap() -> None:
    chain = a_chain(5)
    assert "example 5: is gone from the table; its locked copy holds it" in said(
        placed(sealed_anew([*chain[:2], *chain[3:]])), placed(chain)
    )
    dropped = [place for place in placed(chain) if place.seq != 3]
    problems = said(dropped, placed(chain))
    assert "example 3: is gone from the table; its locked copy holds it" in problems
    assert any(problem.startswith("example 4: entry 3 is missing") for problem in problems)


def test_two_swapped_entries_are_both_named() -> None:
    chain = a_chain(5)
    table = placed(chain)
    table[1], table[2] = Placed(2, chain[2]), Placed(3, chain[1])
    problems = said(table, placed(chain))
    assert "example 2: entry 3 stands here" in problems
    assert "example 3: entry 2 stands here" in problems


def test_what_is_no_entry_is_named_and_hides_no_other() -> None:
    chain = a_chain(4)
    table = placed(chain)
    table[1] = Placed(2, None)
    problems = said(table, placed(chain))
    assert "example 2: is no entry that Herald wrote" in problems
    assert not any(problem.startswith(("example 1:", "example 4:")) for problem in problems)
    assert said(placed(chain), [*placed(chain), Placed(0, None)]) == (
        "example 0: its locked copy is no entry that Herald wrote",
    )


def test_copies_that_disagree_or_are_damaged_are_told() -> None:
    chain = a_chain(3)
    forged = seal(replace(chain[1], actor="hana"), chain[0])
    assert said(placed(chain), [*placed(chain), Placed(2, forged)]) == ("example 2: two locked copies of it differ",)
    bent = Placed(2, replace(chain[1], subject="x:2"))
    assert said(placed(chain), [placed(chain)[0], bent, placed(chain)[2]]) == ("example 2: its locked copy is damaged",)


def test_an_entry_may_wait_a_while_for_its_copy_and_no_longer() -> None:
    chain = a_chain(3)
    just_now = compare("example", placed(chain), placed(chain[:2]), settled=NOON)
    assert (just_now.waiting, just_now.problems) == (1, ())
    assert said(placed(chain), placed(chain[:2])) == ("example 3: has no locked copy",)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 7), st.data())
def test_whatever_is_done_to_the_table_the_first_place_touched_is_named(length: int, data: st.DataObject) -> None:
    chain = a_chain(length)
    at = data.draw(st.integers(0, length - 1))
    deed = data.draw(st.sampled_from(["change", "drop", "cut", "swap", "add", "forge all"]))
    table = list(chain)
    if deed == "change":
        field = data.draw(st.sampled_from(sorted(TAMPERED)))
        table[at] = replace(table[at], **{field: TAMPERED[field]})  # type: ignore[arg-type]
    elif deed == "drop":
        del table[at]
    elif deed == "cut":
        del table[at:]
    elif deed == "swap":
        other = data.draw(st.integers(0, length - 1).filter(lambda n: n != at or length == 1))
        table[at], table[other] = table[other], table[at]
    elif deed == "add":
        table.append(an_entry(99, seq=length + 1, digest="0" * 64))
    else:
        table = sealed_anew([replace(entry, actor="hana") if n >= at else entry for n, entry in enumerate(chain)])
    if data.draw(st.booleans()) and deed in ("change", "drop", "swap"):
        table = sealed_anew(table)  # by somebody who knows how
    problems = said(placed(table), placed(chain))
    if table == chain:
        assert problems == ()
    else:
        assert problems
        first = next(n for n in range(1, length + 2) if table[n - 1 : n] != chain[n - 1 : n])
        named = {int(problem.split()[1].rstrip(":")) for problem in problems}
        assert first in named
        assert min(named) == first, "nothing before the first touched entry is accused"
