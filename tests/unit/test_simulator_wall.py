"""The simulated Page without a server: what stands on the wall, what its API answers, what its webhooks would tell."""

from __future__ import annotations

import json
import random
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.facebook import numbers, pages, trickle, webhooks
from local.facebook.config import BadConfig, Page, parse, read_or_create, write
from local.facebook.graph import Graph
from local.facebook.wall import Wall, person
from local.simulator import crowd, faults
from local.simulator.calls import Answer, Call
from local.simulator.content import BadInput, NoSuchObject, NotAllowed

OURS = Page("5001", "Quince & Thimble", "token-of-ours")
THEIRS = Page("5002", "Another Shop", "token-of-theirs")
NINA = person("Nina Harrow")


class Clock:
    """Time that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wall(tmp_path: Path, clock: Clock) -> Iterator[Wall]:
    made = Wall(tmp_path / "facebook.db", [OURS, THEIRS], clock=clock)
    yield made
    made.close()


def told(wall: Wall) -> list[dict[str, object]]:
    """The values of all events in the outbox, oldest first."""
    return [json.loads(row["value"]) for row in wall.rows("select value from outbox order by id")]


def ask(wall: Wall, method: str, path: str, token: str = OURS.token, **params: str) -> Answer:
    return Graph(wall, "http://127.0.0.1:1").answer(Call(method, path, params, token))


# ---------------------------------------------------------------- events


def test_each_change_of_a_comment_is_told_with_the_verb_meta_uses_and_the_time_of_that_change(
    wall: Wall, clock: Clock
) -> None:
    comment = wall.comment(OURS.id, "first words", NINA)
    steps = [
        lambda: wall.edit(comment, "second words", by=NINA.id),
        lambda: wall.hide(comment, True),
        lambda: wall.hide(comment, False),
        lambda: wall.delete(comment, by=NINA.id),
    ]
    for step in steps:
        clock.now += 60
        step()
    events = told(wall)
    assert [event["verb"] for event in events] == ["add", "edited", "hide", "unhide", "remove"]
    assert [event.get("created_time") for event in events] == [1_800_000_000 + 60 * n for n in range(4)] + [None]
    assert [event.get("message") for event in events] == ["first words", *["second words"] * 3, None]
    post = wall.rows("select id from posts")[0]["id"]
    assert {(e["item"], e["comment_id"], e["post_id"], e["parent_id"]) for e in events} == {
        ("comment", comment, post, post)
    }
    assert all(event["from"] == {"id": NINA.id, "name": "Nina Harrow"} for event in events)


def test_an_answer_names_the_comment_above_it_and_an_own_answer_comes_back_as_from_the_page(wall: Wall) -> None:
    comment = wall.comment(OURS.id, "where is my parcel", NINA)
    answer = ask(wall, "POST", f"{comment}/comments", message="We are looking for it.")
    echo = told(wall)[-1]
    assert (echo["verb"], echo["comment_id"], echo["parent_id"]) == ("add", answer.body["id"], comment)
    assert echo["from"] == {"id": OURS.id, "name": OURS.name}


def test_reactions_are_told_as_add_edit_and_remove_and_an_unchanged_one_is_not_told(wall: Wall) -> None:
    comment = wall.comment(OURS.id, "lovely", NINA)
    other = person("Tom Okafor")
    assert [wall.react(comment, other, kind) for kind in ("like", "like", "love", None, None)] == [
        "add", None, "edit", "remove", None,
    ]  # fmt: skip
    assert [(e["verb"], e["reaction_type"]) for e in told(wall)[1:]] == [
        ("add", "like"), ("edit", "love"), ("remove", "love"),
    ]  # fmt: skip


def test_a_second_recommendation_replaces_the_first_and_its_removal_carries_ids_only(wall: Wall) -> None:
    first = wall.recommend(OURS.id, NINA, "kind people", True)
    assert wall.recommend(OURS.id, NINA, "not so kind", False) == first
    wall.withdraw(OURS.id, NINA)
    events = told(wall)
    assert [(e["verb"], e.get("recommendation_type")) for e in events] == [
        ("add", "POSITIVE"), ("edit", "NEGATIVE"), ("remove", None),
    ]  # fmt: skip
    assert set(events[-1]) == {"item", "verb", "open_graph_story_id", "reviewer_id"}
    assert {row["field"] for row in wall.rows("select field from outbox")} == {"ratings"}


def test_deleting_a_comment_takes_the_answers_under_it_and_tells_of_each(wall: Wall) -> None:
    comment = wall.comment(OURS.id, "one", NINA)
    below = wall.comment(OURS.id, "two", person("Tom Okafor"), parent=comment)
    deepest = wall.comment(OURS.id, "three", NINA, parent=below)
    beside = wall.comment(OURS.id, "stays", NINA)
    wall.delete(comment, by=NINA.id)
    assert [row["id"] for row in wall.rows("select id from comments")] == [beside]
    assert [e["comment_id"] for e in told(wall) if e["verb"] == "remove"] == [deepest, below, comment]


def test_what_fails_half_way_changes_neither_wall_nor_outbox(wall: Wall) -> None:
    wall.comment(OURS.id, "stands", NINA)
    before = (wall.rows("select count(*) n from comments")[0]["n"], len(told(wall)))

    def break_half_way() -> None:
        with wall.transaction():
            wall.comment(OURS.id, "falls", NINA)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_half_way()
    assert (wall.rows("select count(*) n from comments")[0]["n"], len(told(wall))) == before


def test_only_the_author_may_edit_and_only_author_or_page_may_delete(wall: Wall) -> None:
    comment = wall.comment(OURS.id, "mine", NINA)
    with pytest.raises(NotAllowed):
        wall.edit(comment, "not yours", by=person("Tom Okafor").id)
    with pytest.raises(NotAllowed):
        wall.delete(comment, by=person("Tom Okafor").id)
    wall.delete(comment, by=OURS.id)
    with pytest.raises(NoSuchObject):
        wall.comment_row(comment)


@pytest.mark.parametrize("text", ["", "   \n", "x" * 8001])
def test_empty_and_endless_comments_are_refused_and_leave_nothing(wall: Wall, text: str) -> None:
    with pytest.raises(BadInput):
        wall.comment(OURS.id, text, NINA)
    assert told(wall) == []


def test_an_id_is_never_given_twice_not_after_a_reset_nor_beside_an_imported_past(wall: Wall) -> None:
    ids = [wall.comment(OURS.id, "a", NINA)]
    wall.reset()
    past = {"id": "5001_122100000000010", "message": "old", "created_time": "2026-10-01T09:00:00+10:00"}
    wall.history(OURS.id, [past | {"comments": [{"id": "122100000000010_122100000000012", "from": "Tom Okafor",
                                                 "message": "b", "created_time": 1_790_000_000}]}])  # fmt: skip
    ids += [wall.comment(OURS.id, "c", NINA) for _ in range(20)]
    tails = [one.rpartition("_")[2] for one in [*ids, *(row["id"] for row in wall.rows("select id from posts"))]]
    assert len(set(tails)) == len(tails)


def test_an_imported_past_keeps_its_times_and_flags_tells_nobody_and_may_be_repeated(wall: Wall) -> None:
    past = [
        {
            "id": "5001_90", "message": "spring", "created_time": 1_790_000_000,
            "reactions": [{"from": "Tom Okafor", "type": "love"}],
            "comments": [
                {"id": "90_91", "from": {"id": "77", "name": "Ann"}, "message": "rude", "created_time": 1_790_000_100,
                 "is_hidden": True},
                {"id": "90_92", "message": "thank you", "created_time": 1_790_000_200, "parent": "90_91"},
            ],
        },
    ]  # fmt: skip
    assert wall.history(OURS.id, past) == wall.history(OURS.id, past) == 3
    rows = wall.rows("select id, author_id, parent, created, hidden from comments order by created")
    assert [tuple(row) for row in rows] == [
        ("90_91", "77", None, 1_790_000_100, 1), ("90_92", OURS.id, "90_91", 1_790_000_200, 0),
    ]  # fmt: skip
    assert wall.reactions(["5001_90"]) == {"5001_90": {"love": 1}}
    assert told(wall) == []


# ---------------------------------------------------------------- what is sent


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_the_sent_json_is_ascii_with_escaped_slashes_and_means_the_same(value: object) -> None:
    body = webhooks.encode(value)
    assert body.isascii()
    assert body.count(b"/") == body.count(b"\\/")
    assert json.loads(body) == value


def test_the_sent_json_looks_like_metas_for_an_umlaut_an_emoji_and_a_slash() -> None:
    assert webhooks.encode({"m": "ä😀/"}) == b'{"m":"\\u00e4\\ud83d\\ude00\\/"}'


def test_an_entry_holds_changes_of_one_page_and_second_so_that_its_time_is_theirs(wall: Wall, clock: Clock) -> None:
    wall.comment(OURS.id, "a", NINA)
    wall.comment(OURS.id, "b", NINA)
    clock.now += 5
    wall.comment(OURS.id, "c", NINA)
    wall.comment(THEIRS.id, "d", NINA)
    body = json.loads(webhooks.body_of(wall.rows("select * from outbox order by id")))
    assert body["object"] == "page"
    assert [(e["id"], e["time"] - 1_800_000_000, len(e["changes"])) for e in body["entry"]] == [
        (OURS.id, 0, 2), (OURS.id, 5, 1), (THEIRS.id, 5, 1),
    ]  # fmt: skip


@given(st.integers(1, 500))
def test_the_pause_before_a_retry_grows_and_never_passes_half_a_minute(attempts: int) -> None:
    assert 0 < webhooks.pause(attempts) <= webhooks.pause(attempts + 1) <= 30


# ---------------------------------------------------------------- the API


def test_hiding_works_once_and_is_told_once_though_it_is_asked_for_twice(wall: Wall) -> None:
    comment = wall.comment(OURS.id, "rude words", NINA)
    for _ in range(2):
        assert ask(wall, "POST", comment, is_hidden="true").body == {"success": True}
    assert ask(wall, "GET", comment, fields="is_hidden").body == {"is_hidden": True, "id": comment}
    assert [e["verb"] for e in told(wall)] == ["add", "hide"]


@pytest.mark.parametrize(
    ("method", "path", "params", "token", "code", "subcode"),
    [
        ("POST", "{comment}", {"is_hidden": "true"}, "wrong", 190, None),
        ("POST", "{comment}", {"is_hidden": "true"}, "", 104, None),
        ("POST", "{comment}", {"is_hidden": "true"}, THEIRS.token, 100, 33),
        ("GET", "{comment}", {}, THEIRS.token, 100, 33),
        ("DELETE", "{comment}", {}, THEIRS.token, 100, 33),
        ("POST", "{comment}/comments", {"message": "hello"}, THEIRS.token, 100, 33),
        ("POST", "1_2", {"is_hidden": "true"}, OURS.token, 100, 33),
        ("POST", "{comment}", {}, OURS.token, 100, None),
        ("POST", "{comment}", {"is_hidden": "perhaps"}, OURS.token, 100, None),
        ("POST", "{comment}", {"message": "other words"}, OURS.token, 200, None),
        ("POST", "{comment}/comments", {"message": " "}, OURS.token, 100, None),
        ("GET", "{comment}", {"fields": "id,shoe_size"}, OURS.token, 100, None),
        ("GET", "{comment}/comments", {"after": "nonsense"}, OURS.token, 100, None),
        ("GET", "{comment}/comments", {"limit": "many"}, OURS.token, 100, None),
        ("DELETE", "5001/feed", {}, OURS.token, 100, None),
    ],
)
def test_what_the_api_refuses_has_metas_shape_and_code_and_changes_nothing(
    wall: Wall, method: str, path: str, params: dict[str, str], token: str, code: int, subcode: int | None
) -> None:
    comment = wall.comment(OURS.id, "words", NINA)
    before = [tuple(row) for row in wall.rows("select * from comments")]
    answer = ask(wall, method, path.format(comment=comment), token, **params)
    assert answer.status >= 400
    assert (answer.body["error"]["code"], answer.body["error"].get("error_subcode")) == (code, subcode)
    assert {"message", "type", "fbtrace_id"} <= set(answer.body["error"])
    assert [tuple(row) for row in wall.rows("select * from comments")] == before


def test_the_page_cannot_hide_its_own_words(wall: Wall) -> None:
    comment = wall.comment(OURS.id, "hello", NINA)
    reply = str(ask(wall, "POST", f"{comment}/comments", message="good morning").body["id"])
    assert ask(wall, "POST", reply, is_hidden="true").body["error"]["code"] == 200


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    gaps=st.lists(st.integers(0, 2), max_size=12),
    limit=st.integers(1, 5),
    order=st.sampled_from(["chronological", "reverse_chronological"]),
    stream=st.booleans(),
)
def test_following_the_cursors_gives_every_comment_once_in_order_though_times_repeat(
    wall: Wall, clock: Clock, gaps: list[int], limit: int, order: str, stream: bool
) -> None:
    wall.reset()
    first = wall.comment(OURS.id, "first", NINA)
    expected = [first]
    for gap in gaps:
        clock.now += gap
        parent = first if gap == 0 else None
        comment = wall.comment(OURS.id, "more", NINA, parent=parent)
        if stream or parent is None:
            expected.append(comment)
    post = wall.rows("select id from posts")[0]["id"]
    query = {"limit": str(limit), "order": order, "filter": "stream" if stream else "toplevel"}
    seen: list[str] = []
    after: dict[str, str] = {}
    for _ in range(20):
        body = ask(wall, "GET", f"{post}/comments", **query, **after).body
        seen += [one["id"] for one in body["data"]]
        if "next" not in body.get("paging", {}):
            break
        after = {"after": body["paging"]["cursors"]["after"]}
    assert seen == (expected if order == "chronological" else expected[::-1])


# ---------------------------------------------------------------- faults


def test_a_dropped_line_waits_for_a_write_and_hits_one_only(wall: Wall) -> None:
    faults.arm(wall, "drop_after_accept")
    assert faults.take(wall, write=False) is None
    assert getattr(faults.take(wall, write=True), "kind", None) == "drop_after_accept"
    assert faults.take(wall, write=True) is None


def test_an_outage_lasts_until_it_is_switched_off_and_a_timed_one_until_its_end(wall: Wall, clock: Clock) -> None:
    faults.arm(wall, "outage", calls=None)
    assert all(faults.take(wall, write=False) for _ in range(50))
    faults.clear(wall)
    assert faults.take(wall, write=False) is None
    faults.arm(wall, "429", seconds=30)
    assert faults.take(wall, write=True)
    clock.now += 31
    assert faults.take(wall, write=True) is None


@pytest.mark.parametrize("fault", [{"kind": "lightning"}, {"kind": "429", "calls": 0}, {"kind": "late", "seconds": -1}])
def test_a_fault_that_makes_no_sense_is_refused(wall: Wall, fault: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        faults.arm(wall, **fault)  # type: ignore[arg-type]
    assert faults.armed(wall) == []


# ---------------------------------------------------------------- the face


class Seen(HTMLParser):
    """What a browser would build: elements with attributes, and the text of comments."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def comments(self) -> dict[str, str]:
        return {
            str(a["data-comment-id"]): str(a["data-hidden"])
            for tag, a in self.elements
            if tag == "article" and "data-comment-id" in a
        }


def test_the_public_sees_neither_a_hidden_comment_nor_what_is_under_it_and_the_staff_sees_both(wall: Wall) -> None:
    rude = wall.comment(OURS.id, "very rude words", NINA)
    under = wall.comment(OURS.id, "words under it", person("Tom Okafor"), parent=rude)
    fine = wall.comment(OURS.id, "kind words", NINA)
    wall.hide(rude, True)
    public = Seen(pages.page(wall, OURS.id, staff=False))
    staff = Seen(pages.page(wall, OURS.id, staff=True))
    assert public.comments() == {fine: "false"}
    assert "very rude words" not in public.text
    assert "words under it" not in public.text
    assert staff.comments() == {rude: "true", under: "false", fine: "false"}
    assert "very rude words" in staff.text


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</textarea></template><iframe src=//example.com>",
    "{{ 7*7 }} {% include 'x' %} ${7*7}",
    "javascript:alert(1) [x](javascript:alert(1))",
    "<!-- --><style>body{display:none}</style>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_inert_wherever_the_page_shows_them(wall: Wall, text: str) -> None:
    harmless = Seen(_page_with(wall, "harmless words"))
    wall.reset()
    hostile = Seen(_page_with(wall, text))
    assert [tag for tag, _ in hostile.elements] == [tag for tag, _ in harmless.elements]
    assert [sorted(a) for _, a in hostile.elements] == [sorted(a) for _, a in harmless.elements]
    assert text in hostile.text
    assert not [a for _, attributes in hostile.elements for a in attributes if a.startswith("on")]


def _page_with(wall: Wall, text: str) -> str:
    who = person(text[:80])
    comment = wall.comment(OURS.id, text, who)
    wall.comment(OURS.id, text, who, parent=comment)
    wall.post(OURS.id, text, who)
    wall.recommend(OURS.id, who, text, True)
    wall.log_call("POST", text, {"message": text}, None)
    return pages.page(wall, OURS.id, staff=True)


def test_every_field_of_the_page_has_a_label_and_the_comment_box_is_there_once(wall: Wall) -> None:
    page = Seen(pages.page(wall, OURS.id, staff=False))
    labelled = {a["for"] for tag, a in page.elements if tag == "label" and "for" in a}
    named = [a for tag, a in page.elements if tag in ("input", "select", "textarea") and "name" in a]
    assert {a["id"] for a in named if a.get("type") != "radio"} <= labelled
    assert [a["name"] for a in named].count("text") == [a["name"] for a in named].count("author") == 1
    assert len([a for tag, a in page.elements if tag == "button" and a.get("id") == "comment"]) == 1


# ---------------------------------------------------------------- trickle and configuration


def test_customers_who_speak_by_themselves_say_something_that_is_told(wall: Wall) -> None:
    spoken = trickle.speak(wall, random.Random(7))
    assert [event["comment_id"] for event in told(wall)] == [spoken]


def test_the_configuration_is_made_with_fresh_secrets_kept_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    first, second = read_or_create(tmp_path / "a"), read_or_create(tmp_path / "b")
    assert read_or_create(tmp_path / "a") == first
    assert first.app_secret != second.app_secret
    assert first.pages[0].token != second.pages[0].token
    assert (tmp_path / "a" / "facebook.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"callback": "http://example.com/webhooks/x"}, "127.0.0.1"),
        ({"callback": [5]}, "callback"),
        ({"app_secret": ""}, "app_secret"),
        ({"pages": []}, "pages"),
        ({"pages": [{"id": "abc", "name": "x", "token": "y"}]}, "digits"),
        ({"pages": [{"id": "1", "name": "x", "token": "y"}, {"id": "2", "name": "z", "token": "y"}]}, "token"),
    ],
)
def test_a_wrong_configuration_is_refused_with_the_field_and_not_written(
    tmp_path: Path, wrong: dict[str, object], word: str
) -> None:
    good = {
        "callback": "http://127.0.0.1:1/webhooks/{connection}", "connection": "c", "app_secret": "s",
        "verify_token": "v", "pages": [{"id": "1", "name": "x", "token": "y"}],
    }  # fmt: skip
    assert parse(good).callbacks == ("http://127.0.0.1:1/webhooks/c",)
    with pytest.raises(BadConfig, match=word):
        write(tmp_path, **(good | wrong))  # type: ignore[arg-type]
    assert not (tmp_path / "facebook.json").exists()


# ---------------------------------------------------------------- posts of the page

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
IMAGES = {
    "image/png": PNG,
    "image/jpeg": b"\xff\xd8\xff\xe0 a photograph",
    "image/gif": b"GIF89a a drawing",
    "image/webp": b"RIFF\x10\0\0\0WEBPVP8 a picture",
}


def upload(wall: Wall, data: bytes, **params: str) -> Answer:
    call = Call("POST", f"{OURS.id}/photos", params, OURS.token, {"source": data})
    return Graph(wall, "http://127.0.0.1:1").answer(Call.load(call.dump()))  # as it comes back from waiting, too


def test_words_and_a_link_are_published_listed_and_told_as_from_the_page(wall: Wall) -> None:
    post = str(ask(wall, "POST", f"{OURS.id}/feed", message="New mugs.", link="https://shop.example/m").body["id"])
    fields = "id,message,created_time,permalink_url,attachments{media_type,unshimmed_url}"
    (listed,) = ask(wall, "GET", f"{OURS.id}/feed", fields=fields).body["data"]
    assert (listed["id"], listed["message"]) == (post, "New mugs.")
    assert listed["permalink_url"].endswith(f"/p/{OURS.id}/posts/{post}")
    (attached,) = listed["attachments"]["data"]
    assert (attached["media_type"], attached["unshimmed_url"]) == ("link", "https://shop.example/m")
    (value,) = told(wall)
    assert (value["item"], value["verb"], value["post_id"]) == ("status", "add", post)
    assert value["from"] == {"id": OURS.id, "name": OURS.name}
    assert value["link"] == "https://shop.example/m"


@pytest.mark.parametrize("mime", IMAGES)
def test_a_photo_is_kept_byte_for_byte_with_its_description_and_shown_in_a_post(wall: Wall, mime: str) -> None:
    wall.base = "http://127.0.0.1:1"
    made = upload(wall, IMAGES[mime], caption="Mugs.", alt_text_custom="A green mug").body
    (listed,) = ask(wall, "GET", f"{OURS.id}/feed", fields="message,attachments").body["data"]
    assert (listed["id"], listed["message"]) == (made["post_id"], "Mugs.")
    assert [one["media_type"] for one in listed["attachments"]["data"]] == ["photo"]
    assert wall.image(str(made["id"])) == (IMAGES[mime], mime)
    assert ask(wall, "GET", str(made["id"]), fields="alt_text_custom").body["alt_text_custom"] == "A green mug"
    (value,) = told(wall)
    assert (value["item"], value["photo_id"], value["post_id"]) == ("photo", made["id"], made["post_id"])
    assert value["link"] == f"http://127.0.0.1:1/p/{OURS.id}/photos/{made['id']}"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", b"\x89PNG", b"RIFF\0\0\0\0WAVE",
        b"\xff\xd8\xff" + bytes(10 * 1024 * 1024),
    ],
    ids=["nothing", "svg", "html", "half a png", "sound", "too much"],
)  # fmt: skip
def test_what_is_no_image_by_its_first_bytes_or_too_large_is_refused(wall: Wall, data: bytes) -> None:
    assert upload(wall, data, caption="Mugs.").body["error"]["code"] == 324
    assert wall.rows("select * from posts") == wall.rows("select * from photos") == []


def test_an_unpublished_photo_is_seen_by_nobody_until_a_post_carries_it_once(wall: Wall) -> None:
    photo = upload(wall, PNG, published="false").body
    assert set(photo) == {"id"}
    assert told(wall) == []
    carried = {"message": "Mugs.", "attached_media": json.dumps([{"media_fbid": photo["id"]}])}
    post = ask(wall, "POST", f"{OURS.id}/feed", **carried).body["id"]
    assert [row["id"] for row in wall.photos_of(str(post))] == [photo["id"]]
    assert ask(wall, "POST", f"{OURS.id}/feed", **carried).status == 400


@pytest.mark.parametrize(
    "params",
    [
        {}, {"message": " "}, {"message": "x" * 63_207}, {"message": "x", "link": "javascript:alert(1)"},
        {"message": "x", "link": "https://"}, {"message": "x", "link": "ftp://shop.example"},
        {"message": "x", "attached_media": "3"}, {"message": "x", "published": "false"},
    ],
)  # fmt: skip
def test_a_post_that_makes_no_sense_is_refused_and_leaves_nothing(wall: Wall, params: dict[str, str]) -> None:
    assert ask(wall, "POST", f"{OURS.id}/feed", **params).body["error"]["code"] == 100
    assert wall.rows("select * from posts") == []
    assert told(wall) == []


def test_a_deleted_post_takes_its_photo_with_it_and_is_told_as_removed(wall: Wall) -> None:
    made = upload(wall, PNG).body
    assert ask(wall, "DELETE", str(made["post_id"])).body == {"success": True}
    assert ask(wall, "GET", str(made["post_id"])).body["error"]["error_subcode"] == 33
    assert ask(wall, "GET", str(made["id"])).body["error"]["error_subcode"] == 33
    assert wall.rows("select * from images") == []
    assert [(value["item"], value["verb"]) for value in told(wall)] == [("photo", "add"), ("photo", "remove")]


def test_another_page_can_neither_see_nor_delete_what_is_ours(wall: Wall) -> None:
    made = upload(wall, PNG).body
    for method, thing in (("GET", "id"), ("GET", "post_id"), ("DELETE", "post_id")):
        assert ask(wall, method, str(made[thing]), THEIRS.token).body["error"]["code"] == 100
    assert ask(wall, "POST", f"{OURS.id}/feed", THEIRS.token, message="ours?").status == 400


def test_published_posts_are_the_pages_own_and_the_feed_has_visitors_too(wall: Wall) -> None:
    own, visitor = wall.post(OURS.id, "ours"), wall.post(OURS.id, "theirs", NINA)
    listed = {
        edge: {one["id"] for one in ask(wall, "GET", f"{OURS.id}/{edge}").body["data"]}
        for edge in ("feed", "published_posts", "posts")
    }
    assert listed == {"feed": {own, visitor}, "published_posts": {own}, "posts": {own}}


def test_a_feed_can_carry_the_newest_comments_of_each_post(wall: Wall, clock: Clock) -> None:
    post = wall.post(OURS.id, "ours")
    said = []
    for _ in range(4):
        clock.now += 1
        said.append(wall.comment(OURS.id, "hello", NINA, post=post, parent=said[0] if said else None))
    fields = (
        "id,comments.filter(stream).order(reverse_chronological).limit(3).summary(true){id,parent{id},created_time}"
    )
    (listed,) = ask(wall, "GET", f"{OURS.id}/feed", fields=fields).body["data"]
    assert [one["id"] for one in listed["comments"]["data"]] == said[:0:-1]
    assert {one["parent"]["id"] for one in listed["comments"]["data"]} == {said[0]}
    assert listed["comments"]["summary"]["total_count"] == 4
    assert "next" in listed["comments"]["paging"]


def test_a_past_can_hold_links_photos_and_shares(wall: Wall) -> None:
    entry = {
        "id": "5001_31", "message": "", "created_time": 1_790_000_000, "link": "https://shop.example/guide",
        "photos": [{"id": "30", "alt": "A mug", "data": b64encode(PNG).decode()}], "shares": ["Tom Okafor", "Sam Tran"],
    }  # fmt: skip
    for _ in range(2):
        wall.history(OURS.id, [entry])
    body = ask(wall, "GET", "5001_31", fields="message,created_time,shares,full_picture").body
    assert (body["message"], body["shares"]) == ("", {"count": 2})
    assert wall.image("30") == (PNG, "image/png")


def test_a_file_of_an_earlier_version_gets_the_new_columns(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "old.db")
    old.executescript(
        "create table posts (id text primary key, page text not null, author_id text not null,"
        " author_name text not null, message text not null, created integer not null,"
        " edited integer not null default 0, hidden integer not null default 0);"
        "insert into posts values ('5001_1', '5001', '5001', 'Q', 'old', 1, 0, 0);"
        "create table faults (id integer primary key autoincrement, kind text not null, calls integer, until real,"
        " seconds real not null, writes_only integer not null);"
    )
    old.close()
    wall = Wall(tmp_path / "old.db", [OURS])
    try:
        assert ask(wall, "GET", "5001_1", fields="message,attachments").body == {"message": "old", "id": "5001_1"}
        faults.arm(wall, "429", page=OURS.id)
        assert faults.take(wall, write=True, page=OURS.id)
    finally:
        wall.close()


def test_a_fault_of_one_page_is_met_by_that_page_only(wall: Wall) -> None:
    faults.arm(wall, "429", page=OURS.id)
    assert faults.take(wall, write=True, page=THEIRS.id) is None
    assert faults.take(wall, write=True) is None
    assert getattr(faults.take(wall, write=True, page=OURS.id), "page", None) == OURS.id
    assert pages.fault_words(wall, faults.Fault("429", 0, 1, None, OURS.id)).endswith(f", {OURS.name}")


def test_the_public_sees_a_new_post_first_with_its_image_its_description_and_its_link(wall: Wall, clock: Clock) -> None:
    older = wall.post(OURS.id, "older", link="https://shop.example/a?b=1&c=2")
    clock.now += 1
    made = upload(wall, PNG, caption="newer", alt_text_custom='A "green" <b>mug</b>').body
    seen = Seen(pages.page(wall, OURS.id, staff=False))
    shown = [attributes for tag, attributes in seen.elements if tag == "article" and "data-post-id" in attributes]
    assert [attributes["data-post-id"] for attributes in shown] == [made["post_id"], older]
    (image,) = [attributes for tag, attributes in seen.elements if tag == "img"]
    assert (image["src"], image["alt"]) == (f"/p/{OURS.id}/photos/{made['id']}", 'A "green" <b>mug</b>')
    (link,) = [attributes for tag, attributes in seen.elements if tag == "a" and attributes.get("class") == "link"]
    assert link["href"] == "https://shop.example/a?b=1&c=2"
    assert {"noopener", "noreferrer", "nofollow"} <= set(str(link["rel"]).split())


# ---------------------------------------------------------------- figures

PAGES = st.sampled_from(["5001", "100200300400500", "1"])
MOMENTS = st.integers(1_740_000_000, 1_900_000_000)


@given(page=PAGES, post=st.text("0123456789_", min_size=1), created=MOMENTS, ages=st.lists(st.integers(0, 400_000)))
def test_a_posts_figures_never_fall_and_end_after_three_days(
    page: str, post: str, created: int, ages: list[int]
) -> None:
    so_far = [numbers.post(page, post, created, created + age) for age in sorted(ages)]
    known = [one for one in so_far if one is not None]
    for before, after in pairwise(known):
        assert before.reach <= after.reach
        assert before.views <= after.views
        assert before.clicks <= after.clicks
    assert all(one.clicks <= one.reach <= one.views for one in known)
    assert len(known) == sum(age >= crowd.FIRST_AFTER for age in ages)
    final = numbers.post(page, post, created, created + crowd.GROWS_FOR)
    assert final == numbers.post(page, post, created, created + 400_000_000)
    assert final is not None
    assert 0 < final.reach < crowd.followers(page, created)


@given(page=PAGES, at=MOMENTS, step=st.integers(0, 3600))
def test_followers_move_little_within_an_hour_and_days_meet_without_a_jump(page: str, at: int, step: int) -> None:
    assert abs(crowd.followers(page, at + step) - crowd.followers(page, at)) <= 25
    midnight = crowd.start_of(crowd.day_of(at))
    assert abs(crowd.followers(page, midnight) - crowd.followers(page, midnight - 1)) <= 1


@given(at=MOMENTS)
def test_a_day_begins_at_midnight_of_the_platform_also_when_clocks_change(at: int) -> None:
    day = crowd.day_of(at)
    start, end = crowd.start_of(day), crowd.start_of(day + timedelta(days=1))
    assert start <= at < end
    assert end - start in (23 * 3600, 24 * 3600, 25 * 3600)


@given(page=PAGES, at=MOMENTS)
def test_a_page_that_published_reaches_more_that_day_than_without(page: str, at: int) -> None:
    day = crowd.day_of(at)
    noon = crowd.start_of(day) + 8 * 3600
    quiet, busy = numbers.day(page, day), numbers.day(page, day, [("1", noon)])
    assert busy.reach > quiet.reach > 0
    assert busy.reach <= busy.views
    assert busy.follows == quiet.follows


def test_the_api_tells_the_figures_of_the_function_and_counts_the_rest_on_the_wall(wall: Wall, clock: Clock) -> None:
    post = wall.post(OURS.id, "New mugs.")
    created = clock.now
    clock.now += 30
    wanted = "post_media_view,post_total_media_view_unique,post_reactions_by_type_total,post_clicks"
    assert ask(wall, "GET", f"{post}/insights", metric=wanted).body == {"data": []}, "none yet, which is not 0"
    wall.react(post, NINA, "love")
    wall.react(post, person("Tom Okafor"), "like")
    wall.share(post, NINA)
    clock.now += 3 * 86_400
    figures = numbers.post(OURS.id, post, created, clock.now)
    assert figures is not None
    answer = ask(wall, "GET", f"{post}/insights", metric=wanted, period="lifetime").body["data"]
    assert {one["name"]: one["values"][0]["value"] for one in answer} == {
        "post_media_view": figures.views,
        "post_total_media_view_unique": figures.reach,
        "post_reactions_by_type_total": {"like": 1, "love": 1},
        "post_clicks": figures.clicks,
    }
    day = crowd.day_of(created)
    since, until = crowd.start_of(day), crowd.start_of(day + timedelta(days=1))
    metrics = "page_media_view,page_total_media_view_unique,page_post_engagements,page_daily_follows,page_follows"
    answer = ask(
        wall, "GET", f"{OURS.id}/insights", metric=metrics, period="day", since=str(since + 1), until=str(until)
    ).body["data"]
    of_day = numbers.day(OURS.id, day, [(post, created)])
    end = datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
    assert {one["name"]: one["values"] for one in answer} == {
        name: [{"value": value, "end_time": end}]
        for name, value in {
            "page_media_view": of_day.views,
            "page_total_media_view_unique": of_day.reach,
            "page_post_engagements": 3,
            "page_daily_follows": of_day.follows,
            "page_follows": crowd.followers(OURS.id, until),
        }.items()
    }


def test_a_day_that_has_not_ended_has_no_figures_and_a_visitors_post_has_none(wall: Wall, clock: Clock) -> None:
    wanted = {"metric": "page_media_view", "since": str(int(clock.now) + 1), "until": str(int(clock.now) + 86_400)}
    assert ask(wall, "GET", f"{OURS.id}/insights", **wanted).body == {"data": []}
    visitors = wall.post(OURS.id, "hello", NINA)
    clock.now += 86_400
    assert ask(wall, "GET", f"{visitors}/insights", metric="post_clicks").body == {"data": []}


@pytest.mark.parametrize(
    "params",
    [
        {}, {"metric": "page_impressions"}, {"metric": "page_media_view", "since": "yesterday"},
        {"metric": "page_media_view", "period": "week"},
        {"metric": "page_media_view", "since": "2026-01-01", "until": "2026-06-01"},
    ],
)  # fmt: skip
def test_figures_that_are_asked_for_wrongly_are_refused(wall: Wall, params: dict[str, str]) -> None:
    assert ask(wall, "GET", f"{OURS.id}/insights", **params).body["error"]["code"] == 100


def test_shares_are_left_out_rather_than_nought_and_can_be_taken_back(wall: Wall) -> None:
    post = wall.post(OURS.id, "New mugs.")
    assert "shares" not in ask(wall, "GET", post, fields="shares").body
    assert wall.share(post, NINA)
    assert ask(wall, "GET", post, fields="shares").body["shares"] == {"count": 1}
    assert not wall.share(post, NINA)
    assert "shares" not in ask(wall, "GET", post, fields="shares").body
