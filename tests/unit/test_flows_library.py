"""The library and customers' rights at the gate: what may not be shown does not go out, whatever a page says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from herald.errors import BadPayload, Refused, Stale
from herald.flows import commands as c
from herald.flows import library
from herald.flows.deliver import deliver
from herald.flows.moderate import moderate
from herald.flows.publish import release_posts
from herald.flows.user_content import answers
from herald.govern import audit
from herald.library.rights import content_id
from herald.model import (
    Act,
    Asset,
    AssetKind,
    Case,
    Clause,
    Kind,
    Media,
    Policy,
    Rests,
    RightState,
    Role,
    TargetState,
    UserContent,
    Work,
)
from herald.ports import Capabilities, PostLimits
from local.memory_media import MemoryMedia
from tests.support.world import (
    ACCOUNT,
    ANA,
    BRAND,
    MIA,
    NOON,
    TED,
    Wall,
    World,
    a_comment,
    a_world,
    between_look_and_sending,
    deleted,
)
from tests.unit.test_flows_posts import HOUR, ZONE, hours, run, state, version
from tests.unit.test_library_images import SAMPLES

ASSET = "asset-0001"
SAID = a_comment("My chair in the morning sun #talltimber", id="7", author_id="u7", author_name="Lee Lark")


@pytest.fixture
def world() -> World:
    made = a_world()
    shelf = MemoryMedia()
    made.herald = replace(made.herald, media=shelf, uploads=shelf)
    return made


def asset(world: World, mime: str = "image/jpeg", *, by: str = ANA.id, **changed: Any) -> Asset:
    key = library.kept(SAMPLES[mime], world.herald)
    told = {"id": ASSET, "title": "A table", "licence": "own", "alt": "An oak table by a window", "key": key} | changed
    run(world, c.SaveAsset(brand=BRAND, expected=0, **told), by)
    found = world.store.find(Asset, BRAND, told["id"])
    assert found is not None
    return found


def changed(world: World, **told: Any) -> Asset:
    """The asset with something else known of it."""
    now = world.store.find(Asset, BRAND, ASSET)
    assert now is not None
    last = {name: getattr(now, name) for name in ("title", "licence", "alt", "credit", "proof", "address", "source")}
    run(world, c.SaveAsset(id=ASSET, brand=BRAND, expected=now.version, **(last | told)), ANA.id)
    found = world.store.find(Asset, BRAND, ASSET)
    assert found is not None
    return found


def drafted(
    world: World, text: str = "New tables are in.", *, needs: tuple[str, ...] = (), assets: Any = (ASSET,)
) -> str:
    media = tuple(Media("media/forged", "f" * 64, "image/png", 1, "", asset=one) for one in assets)
    post = f"post-{content_id(text + repr(needs))}"
    variants = (c.Variant(ACCOUNT.id, HOUR, ZONE),)
    run(world, c.Draft(post, BRAND, "Tables", text, variants, 0, media=media, needs=needs), ANA.id)
    return post


def submit(world: World, post: str) -> None:
    run(world, c.Submit(post, version(world, post)), ANA.id)


def approve(world: World, post: str) -> str:
    submit(world, post)
    world.clock.pass_(milliseconds=5)
    run(world, c.Approve(post, version(world, post)), MIA.id)
    return post


def refusal(world: World, post: str) -> str:
    with pytest.raises(Refused) as refused:
        submit(world, post)
    assert refused.value.missing == "input"
    return str(refused.value)


# ---------------------------------------------------------------- saving


@pytest.mark.parametrize("mime", SAMPLES)
def test_an_image_is_kept_without_its_place_and_known_by_its_bytes(world: World, mime: str) -> None:
    found = asset(world, mime)
    assert (found.kind, found.mime, found.width, found.height) == (AssetKind.IMAGE, mime, 31, 17)
    data = world.herald.media.get(found.key)
    assert b"-33.8688" not in data
    assert (found.size, found.key) == (len(data), f"media/{found.sha256}")


def test_an_image_put_there_with_its_place_is_refused_by_the_gate(world: World) -> None:
    key = world.herald.media.put(SAMPLES["image/jpeg"], "image/jpeg")
    with pytest.raises(Refused, match="where or when it was taken"):
        asset(world, key=key)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n", AssetKind.PDF), (b"Care: oil it twice a year.", AssetKind.TEXT),
        (b"ID3\x04", AssetKind.AUDIO), (b"\x00\x00\x00\x20ftypisom", AssetKind.VIDEO),
    ],
)  # fmt: skip
def test_each_kind_is_told_by_its_bytes(world: World, data: bytes, kind: AssetKind) -> None:
    assert asset(world, key=library.kept(data, world.herald)).kind is kind


def test_a_link_needs_an_address_and_nothing_else(world: World) -> None:
    found = asset(world, key="", address="https://timber.example/guide")
    assert (found.kind, found.key, found.address) == (AssetKind.LINK, "", "https://timber.example/guide")


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "", "address": ""}, {"key": "", "address": "javascript:alert(1)"}, {"licence": "mine"}, {"title": " "},
        {"key": "media/" + "0" * 64}, {"key": "media/../secret"}, {"files": ("asset-none",)}, {"last_day": "soon"},
        {"right": "nobody"}, {"id": "x"},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_kept(world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        asset(world, **wrong)
    assert refused.value.missing == "input"
    assert world.store.shelf(Asset, BRAND) == []


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n \t"], ids=["bare", "marked", "spaced"])
def test_markup_is_never_kept(world: World, before: bytes) -> None:
    with pytest.raises(BadPayload, match="scripts"):
        library.kept(before + b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", world.herald)


def test_an_image_whose_bytes_were_changed_where_they_lie_never_leaves(world: World) -> None:
    """An approval is for bytes; whoever may write the bucket must not publish others by it."""
    asset(world)
    post = approve(world, drafted(world))
    shelf = world.herald.media
    assert isinstance(shelf, MemoryMedia)
    shelf.kept = dict.fromkeys(shelf.kept, (SAMPLES["image/png"], "image/png"))
    hours(world)
    assert world.wall.live() == []
    assert state(world, post) is TargetState.FAILED


def test_retiring_takes_posts_down_only_for_who_read_what_gates_taking_down(world: World) -> None:
    asset(world)
    clauses = (Clause("OUT-1", "1", "All", "Ask before you delete."),)
    world.store.save(Policy("OUT", "Taking down", 1, date(2026, 1, 1), clauses, ("TakeDown",)))
    with pytest.raises(Refused, match="Taking down") as refused:
        run(world, c.RetireAsset(ASSET, BRAND, "The maker asked us.", 1, take_down=True), MIA.id)
    assert refused.value.missing == "acknowledgement"
    run(world, c.RetireAsset(ASSET, BRAND, "The maker asked us.", 1), MIA.id)


def test_a_file_is_never_replaced_and_a_lost_race_is_told(world: World) -> None:
    asset(world)
    with pytest.raises(Refused, match="never replaced"):
        changed(world, key=library.kept(SAMPLES["image/png"], world.herald))
    with pytest.raises(Refused) as refused:
        run(world, c.SaveAsset(ASSET, BRAND, "Late", "own", 0), ANA.id)
    assert refused.value.missing == "version"


def test_the_last_day_ends_where_the_brand_has_it_first(world: World) -> None:
    world.store.save(replace(ACCOUNT, account_id="perth", timezone="Australia/Perth"))
    ends = asset(world, last_day="2026-12-31").ends_at
    assert ends is not None
    assert ends.isoformat() == "2026-12-31T13:00:00+00:00"


def test_in_use_they_stand_on_the_brands_list_and_retired_they_leave_it(world: World) -> None:
    asset(world)
    assert [one.id for one in world.store.listed(Asset, "work", f"assets#{BRAND}")] == [ASSET]
    run(world, c.RetireAsset(ASSET, BRAND, "The maker asked us.", 1), MIA.id)
    assert world.store.listed(Asset, "work", f"assets#{BRAND}") == []
    with pytest.raises(Refused, match="taken out of use"):
        changed(world, title="Again")


# ---------------------------------------------------------------- what is refused does not stay


def shelf_of(world: World) -> MemoryMedia:
    shelf = world.herald.media
    assert isinstance(shelf, MemoryMedia)
    return shelf


@pytest.mark.parametrize(
    ("wrong", "by"),
    [
        ({"title": " "}, ANA.id), ({"licence": "mine"}, ANA.id), ({"last_day": "soon"}, ANA.id),
        ({"files": ("asset-none",)}, ANA.id), ({"right": "nobody"}, ANA.id), ({}, TED.id),
    ],
    ids=str,
)  # fmt: skip
def test_the_bytes_of_an_asset_that_is_refused_are_never_put_where_files_stay(
    world: World, wrong: dict[str, Any], by: str
) -> None:
    with pytest.raises(Refused):
        asset(world, by=by, **wrong)
    assert (shelf_of(world).kept, len(shelf_of(world).held)) == ({}, 1)


def test_what_a_browser_sent_and_is_refused_leaves_nothing_and_an_accepted_image_not_its_original(
    world: World,
) -> None:
    shelf = shelf_of(world)
    shelf.sent |= {
        "upload-1": b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "upload-2": SAMPLES["image/jpeg"],
        "upload-3": b"\x00\x00\x00\x20ftypisom",
    }  # fmt: skip
    with pytest.raises(BadPayload):
        library.arrived("upload-1", world.herald, 10**9)
    image, film = (library.arrived(one, world.herald, 10**9) for one in ("upload-2", "upload-3"))
    assert shelf.kept == {}
    found = asset(world, key=image)
    assert list(shelf.kept) == [found.key]
    assert b"-33.8688" not in shelf.kept[found.key][0]
    assert asset(world, key=film, id="asset-0002").kind is AssetKind.VIDEO


def test_a_refused_copy_of_what_is_in_the_library_takes_nothing_from_it(world: World) -> None:
    found = asset(world)
    before = dict(shelf_of(world).kept)
    with pytest.raises(Refused):
        asset(world, id="asset-0002", title=" ")
    shelf_of(world).held.clear()  # a day later
    assert shelf_of(world).kept == before
    assert world.herald.media is not None
    assert world.herald.media.get(found.key)


def test_an_asset_saved_after_its_files_day_is_over_is_told_to_send_it_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf, key = shelf_of(world), library.kept(b"%PDF-1.7\n", world.herald)
    keep = shelf.keep
    monkeypatch.setattr(shelf, "keep", lambda key: shelf.held.clear() or keep(key))  # after it was looked at
    with pytest.raises(Refused, match="not there any more"):
        asset(world, key=key)
    with pytest.raises(Refused, match="Choose it again"):
        asset(world, key=key)
    assert world.store.shelf(Asset, BRAND) == []


# ---------------------------------------------------------------- going out


def test_a_post_shows_the_librarys_own_bytes_whatever_the_page_said(world: World) -> None:
    found = asset(world)
    post = approve(world, drafted(world))
    kept = world.store.post(post)
    assert kept is not None
    (media,) = kept.media
    assert (media.key, media.sha256, media.alt) == (found.key, found.sha256, found.alt)
    hours(world)
    assert state(world, post) is TargetState.PUBLISHED
    assert [one.post_id for one in world.store.shelf(Rests, BRAND, f"asset:{ASSET}")] == [post]


def test_a_post_cannot_show_what_the_library_does_not_have(world: World) -> None:
    asset(world, key=library.kept(b"%PDF-1.7\n", world.herald))
    for one in (ASSET, "asset-none"):
        with pytest.raises(Refused, match="no such image"):
            drafted(world, assets=(one,))


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"licence": "unknown"}, "Nobody knows the licence"), ({"last_day": "2026-11-17"}, "ends before"),
        ({"licence": "permission"}, "who permitted"), ({"licence": "cc-by"}, "name the author"),
    ],
    ids=["unknown", "ended", "no proof", "no author"],
)  # fmt: skip
def test_what_may_not_be_shown_can_be_drafted_with_and_not_submitted(
    world: World, told: dict[str, Any], says: str
) -> None:
    asset(world, **told)
    assert says in refusal(world, drafted(world))


def test_no_description_anywhere_is_refused(world: World) -> None:
    asset(world, alt="")
    assert "Describe the image" in refusal(world, drafted(world))


@pytest.mark.parametrize("kind", ["offer", "product"])
def test_what_must_not_sell_is_refused_beside_an_offer_and_fine_without(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    from herald.flows import needs

    open_ = {kind: lambda ref, brand, account, herald, *, now, at: needs.Standing()}
    monkeypatch.setattr(needs, "JUDGES", {**needs.JUDGES, **open_})
    asset(world, licence="cc-by-nc", credit="Wren Ito")
    assert "forbids to sell" in refusal(world, drafted(world, needs=(f"{kind}:spring",)))
    submit(world, drafted(world))


def test_the_author_is_named_by_itself_once_and_not_forgotten_by_an_edit(world: World) -> None:
    asset(world, licence="cc-by-sa", credit="Wren Ito")
    post = drafted(world)
    kept = world.store.post(post)
    assert kept is not None
    line = "Image: A table by Wren Ito, CC BY-SA 4.0 creativecommons.org/licenses/by-sa/4.0/"
    assert kept.text == f"New tables are in.\n\n{line}"
    again = c.Draft(post, BRAND, "Tables", kept.text, (c.Variant(ACCOUNT.id, HOUR, ZONE, "Own words."),), kept.version,
                    media=kept.media)  # fmt: skip
    run(world, again, ANA.id)
    kept = world.store.post(post)
    target = world.store.target(post, ACCOUNT.id)
    assert kept is not None
    assert target is not None
    assert (kept.text.count(line), target.text) == (1, f"Own words.\n\n{line}")
    submit(world, post)


def test_a_credit_that_came_later_is_asked_for_before_approval(world: World) -> None:
    asset(world)
    post = drafted(world)
    submit(world, post)
    changed(world, licence="cc-by", credit="Wren Ito")
    with pytest.raises(Refused, match="Add the credit: Image: A table by Wren Ito"):
        run(world, c.Approve(post, version(world, post)), MIA.id)


def test_a_licence_lost_after_approval_holds_the_post_at_its_minute(world: World) -> None:
    asset(world)
    post = approve(world, drafted(world))
    changed(world, licence="unknown")
    hours(world)
    assert (state(world, post), world.wall.live()) == (TargetState.HELD, [])


def test_a_licence_lost_between_the_look_and_the_sending_stops_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset(world)
    post = approve(world, drafted(world))
    world.clock.pass_(hours=1)
    release_posts(world.herald, world.clock())
    moved = between_look_and_sending(world, monkeypatch, lambda: changed(world, licence="unknown"))
    deliver(world.woken.pop(), world.herald, world.clock())
    assert (bool(moved), state(world, post), world.wall.live()) == (True, TargetState.HELD, [])


def test_retired_with_take_down_it_leaves_the_wall_and_the_calendar(world: World) -> None:
    asset(world)
    out = approve(world, drafted(world))
    hours(world)
    variants = (c.Variant(ACCOUNT.id, "2026-11-19T09:00", ZONE),)
    media = (Media("k", "s", "image/png", 1, "", asset=ASSET),)
    run(world, c.Draft("post-later", BRAND, "Later", "Later.", variants, 0, media=media), ANA.id)
    approve(world, "post-later")
    done = run(world, c.RetireAsset(ASSET, BRAND, "The maker asked us.", 1, take_down=True), MIA.id)
    assert done.sentence == ("Taken out of use. 1 planned variant is held. 1 published variant is being taken down.")
    hours(world, 0.1)
    assert (state(world, out), state(world, "post-later")) == (TargetState.REMOVED, TargetState.HELD)
    assert world.wall.live() == []
    assert audit.verify(world.store.audit_of("people", limit=500)) == []


# ---------------------------------------------------------------- customers' content


ID = content_id(SAID.message_id)


def content(world: World) -> UserContent:
    found = world.store.find(UserContent, BRAND, ID)
    assert found is not None
    return found


def captured(world: World) -> UserContent:
    world.store.apply(SAID, BRAND, NOON)
    run(world, c.CaptureContent(SAID.message_id), ANA.id)
    return content(world)


def asked(world: World) -> UserContent:
    found = captured(world)
    run(
        world, c.AskRight("ask-00000001", ID, BRAND, "May we show your photo? Reply #YesTimber.", found.version), MIA.id
    )
    for wake in list(world.woken):
        deliver(wake, world.herald, world.clock())
    world.woken.clear()
    return content(world)


def answered(world: World, text: str = "#YesTimber of course", **more: Any) -> str:
    world.clock.pass_(minutes=30)
    reply = a_comment(text, id="8", at=world.clock(), **({"author_id": "u7", "author_name": "Lee Lark"} | more))
    world.store.apply(reply, BRAND, world.clock())
    return reply.message_id


def granted(world: World, **told: Any) -> UserContent:
    found = asked(world)
    grant = {"evidence": answered(world), "platforms": ("facebook_page",), "credit": "Lee Lark"} | told
    run(world, c.RecordGrant(ID, BRAND, True, found.version, **grant), MIA.id)
    return content(world)


def test_capturing_twice_is_once_and_keeps_no_words(world: World) -> None:
    found = captured(world)
    run(world, c.CaptureContent(SAID.message_id), MIA.id)
    assert content(world) == found
    assert "sun" not in repr(found)
    assert [one.id for one in world.store.listed(UserContent, "work", f"ugc#{BRAND}#captured")] == [ID]


def test_a_rule_captures_what_carries_our_hashtag_once_and_never_what_it_hides(world: World) -> None:
    hidden = a_comment("utter muppet #talltimber", id="70")
    for event in (SAID, hidden, SAID):
        world.store.apply(event, BRAND, NOON)
        moderate([event.message_id], world.herald, world.clock())
    (found,) = world.store.shelf(UserContent, BRAND)
    assert (found.id, found.how, found.captured_by) == (ID, "Shared with us", "rules")
    run(world, c.CaptureContent(SAID.message_id), ANA.id)
    assert content(world) == found


@pytest.mark.parametrize("wrong", [{"kind": Kind.DM}, {"kind": Kind.REACTION}], ids=["private", "no words"])
def test_what_is_private_or_says_nothing_is_not_captured(world: World, wrong: dict[str, Any]) -> None:
    world.store.apply(replace(SAID, **wrong), BRAND, NOON)
    with pytest.raises(Refused):
        run(world, c.CaptureContent(SAID.message_id), ANA.id)


def test_the_question_is_one_public_answer_under_their_own_words(world: World) -> None:
    found = asked(world)
    assert found.state is RightState.ASKED
    assert [(to, text) for _, to, text in world.wall.replies] == [
        (SAID.external_id, "May we show your photo? Reply #YesTimber.")
    ]
    run(world, c.AskRight("ask-00000001", ID, BRAND, "Again?", 1), MIA.id)
    with pytest.raises(Refused, match="not asked twice"):
        run(world, c.AskRight("ask-00000002", ID, BRAND, "Again?", found.version), MIA.id)
    assert len(world.wall.replies) == 1


def test_their_answer_is_found_and_nobody_elses(world: World) -> None:
    found = asked(world)
    theirs = answered(world)
    world.store.apply(a_comment("Yes me too", id="9", at=world.clock()), BRAND, world.clock())
    assert [message.id for message in answers(found, world.herald, world.clock())] == [theirs]


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"evidence": "", "note": ""}, "Name the message"), ({"platforms": ()}, "which platforms"),
        ({"last_day": "2026-11-01"}, "ended already"), ({"evidence": "facebook_page:none"}, "not there"),
        ({"evidence": SAID.message_id}, "permits nothing"),
    ],
    ids=["no evidence", "no scope", "ended", "gone", "the post itself"],
)  # fmt: skip
def test_a_grant_needs_evidence_scope_and_time(world: World, told: dict[str, Any], says: str) -> None:
    with pytest.raises(Refused, match=says):
        granted(world, **told)
    assert content(world).state is RightState.ASKED


def test_nobody_else_can_grant_it(world: World) -> None:
    found = asked(world)
    strangers = answered(world, author_id="u8", author_name="Not Lee")
    with pytest.raises(Refused, match="Somebody else"):
        run(world, c.RecordGrant(ID, BRAND, True, found.version, strangers, "", ("facebook_page",)), MIA.id)


def test_what_they_said_before_they_were_asked_grants_nothing(world: World) -> None:
    earlier = a_comment("Yes!", id="5", at=NOON - timedelta(days=1), author_id="u7", author_name="Lee Lark")
    world.store.apply(earlier, BRAND, NOON)
    with pytest.raises(Refused, match="before they were asked"):
        granted(world, evidence=earlier.message_id)
    assert content(world).state is RightState.ASKED


def test_granted_it_goes_out_with_thanks(world: World) -> None:
    granted(world)
    post = approve(world, drafted(world, "A morning chair.", needs=(f"right:{ID}",), assets=()))
    hours(world)
    assert world.wall.live() == ["A morning chair.\n\nWith thanks to Lee Lark"]
    assert state(world, post) is TargetState.PUBLISHED


def test_an_asset_that_shows_it_rests_on_its_right_too(world: World) -> None:
    granted(world)
    asset(world, licence="permission", right=ID)
    post = approve(world, drafted(world))
    kept = world.store.post(post)
    assert kept is not None
    assert kept.needs == (f"right:{ID}",)
    found = content(world)
    run(world, c.WithdrawRight(ID, BRAND, "They wrote to us.", found.version), TED.id)
    hours(world)
    assert (state(world, post), world.wall.live()) == (TargetState.HELD, [])


@pytest.mark.parametrize("stage", [captured, asked])
def test_before_it_is_granted_it_is_not_scheduled(world: World, stage: Any) -> None:
    stage(world)
    assert "not granted" in refusal(world, drafted(world, needs=(f"right:{ID}",), assets=()))


@pytest.mark.parametrize(
    ("told", "says"),
    [({"platforms": ("instagram",)}, "covers instagram"), ({"last_day": "2026-11-18"}, "")],
    ids=["another platform", "still today"],
)  # fmt: skip
def test_a_right_reaches_as_far_as_it_was_given(world: World, told: dict[str, Any], says: str) -> None:
    granted(world, **told)
    post = drafted(world, needs=(f"right:{ID}",), assets=())
    if says:
        assert says in refusal(world, post)
    else:
        submit(world, post)


def test_a_right_that_ends_before_the_post_is_refused(world: World) -> None:
    granted(world, last_day="2026-11-18")
    post = drafted(world, needs=(f"right:{ID}",), assets=())
    run(world, c.MovePost(post, "2026-11-19T09:00", version(world, post)), ANA.id)
    assert "ends before" in refusal(world, post)


def test_what_the_customer_deleted_is_not_shown_although_they_granted_it(world: World) -> None:
    granted(world)
    post = approve(world, drafted(world, needs=(f"right:{ID}",), assets=()))
    world.store.apply(deleted(SAID, at=world.clock()), BRAND, world.clock())
    hours(world)
    assert (state(world, post), world.wall.live()) == (TargetState.HELD, [])


def test_withdrawn_it_leaves_the_wall_and_never_comes_back(world: World) -> None:
    granted(world)
    post = approve(world, drafted(world, needs=(f"right:{ID}",), assets=()))
    hours(world)
    assert len(world.wall.live()) == 1
    run(world, c.WithdrawRight(ID, BRAND, "They changed their mind.", content(world).version), TED.id)
    hours(world, 0.1)
    assert (state(world, post), world.wall.live()) == (TargetState.REMOVED, [])
    assert "withdrew" in refusal(world, drafted(world, "Once more.", needs=(f"right:{ID}",), assets=()))
    with pytest.raises(Refused, match="cannot be shown again"):
        run(
            world,
            c.RecordGrant(ID, BRAND, True, content(world).version, "", "They said so.", ("facebook_page",)),
            MIA.id,
        )
    done = run(world, c.WithdrawRight(ID, BRAND, "Once more.", content(world).version), TED.id)
    assert done.sentence == "Withdrawn."
    assert [act for act, _ in world.wall.acts].count("take_down") == 1


def test_where_herald_cannot_delete_a_task_says_what_to_do_by_hand() -> None:
    wall = Wall(capabilities=Capabilities(frozenset(Act) - {Act.TAKE_DOWN}, 8000, 60, post=PostLimits(500)))
    world = a_world(wall=wall)
    granted(world)
    approve(world, drafted(world, needs=(f"right:{ID}",), assets=()))
    hours(world)
    run(world, c.WithdrawRight(ID, BRAND, "They changed their mind.", content(world).version), TED.id)
    (task,) = world.store.open_cases(BRAND, Work.TASK).items
    assert isinstance(task, Case)
    assert "https://wall.example/" in task.note


def test_refused_is_not_used_and_a_person_without_the_role_does_not_ask(world: World) -> None:
    found = captured(world)
    with pytest.raises(Refused) as refused:
        run(world, c.AskRight("ask-00000001", ID, BRAND, "May we?", found.version), ANA.id)
    assert refused.value.missing == "role"
    assert Role.MARKETER in ANA.roles
    run(world, c.RecordGrant(ID, BRAND, False, found.version, note="They said no at the shop."), MIA.id)
    assert content(world).state is RightState.REFUSED
    assert "not granted" in refusal(world, drafted(world, needs=(f"right:{ID}",), assets=()))


def test_two_people_at_once_change_it_once(world: World) -> None:
    found = asked(world)
    run(world, c.RecordGrant(ID, BRAND, False, found.version, note="No."), MIA.id)
    with pytest.raises((Refused, Stale)):
        run(world, c.RecordGrant(ID, BRAND, True, found.version, "", "Yes.", ("facebook_page",)), MIA.id)
