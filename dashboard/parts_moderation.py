"""Beyond one message: its author, deleting it, and how each channel is moderated."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial

import streamlit as st

from dashboard import actions, data, data_moderation, parts, present_moderation, theme
from dashboard.components import sheet
from dashboard.components.first_field import first_field
from dashboard.components.table import table
from dashboard.failures import guarded
from dashboard.text import one_line
from herald.flows import commands
from herald.flows.restrictions import DECIDE
from herald.govern import authority
from herald.model import Account, DeliveryState, Message, Person, thread_of
from herald.model.restrictions import Measure, Mode, Restriction
from herald.moderate.ladder import DAYS

# ---------------------------------------------------------------- the author of the open message


def author(person: Person, message: Message) -> None:
    """What is known of who wrote it, what fits, and what may be done; a person chooses."""
    if message.outbound or not message.author_id:
        return
    found, now = data_moderation.author(message), data.now()
    blocks = present_moderation.author_blocks(
        found.kept, found.asked, found.hidden, found.before, parts.account_of(message), name=data.name_of, now=now
    )
    sheet(blocks, key=f"author-{message.id}")
    with st.container(horizontal=True, gap="small"):
        if authority.may(person, "RestrictAuthor") and st.button("Limit or block", key=f"restrict-{message.id}"):
            restrict_dialog(message)
        stands = found.kept is not None and found.kept.stands(now)
        if found.kept and stands and authority.may(person, "LiftRestriction"):
            lift_button(found.kept, f"lift-{message.id}")


@st.dialog("Limit or block the author", width="small")
def restrict_dialog(message: Message) -> None:
    """Choose a measure, with its end."""
    _restrict(message)


@guarded
def _restrict(message: Message) -> None:
    found = data_moderation.author(message)
    asked = found.asked
    st.caption(f"The ladder proposes: {present_moderation.step_words(asked).lower()}. {one_line(asked.why, 200)}")
    first_field()
    with st.form("restrict", border=False):
        measures = list(Measure)
        measure = st.radio(
            "Measure", measures, index=measures.index(asked.measure or Measure.LIMIT),
            format_func=present_moderation.MEANS.__getitem__,
        )  # fmt: skip
        days = st.select_slider("For how many days", DAYS, value=asked.days or 7)
        reason = st.text_area("Reason", max_chars=500, height=90, placeholder="Whoever asks later reads this")
        clause = parts.clause_box(message)
        sent = st.form_submit_button("Decide", type="primary", shortcut="Ctrl+Enter")
    if sent:
        expected = found.kept.version if found.kept else 0
        parts.finish(
            commands.RestrictAuthor(message.id, str(measure or ""), int(days), reason or "", clause or "", expected)
        )


def lift_button(kept: Restriction, key: str) -> None:
    """End it before its time."""
    if st.button("Let them speak again", key=key):
        lift_dialog(kept)


@st.dialog("Let them speak again", width="small")
def lift_dialog(kept: Restriction) -> None:
    """End a limit or a block, with the reason."""
    _lift(kept)


@guarded
def _lift(kept: Restriction) -> None:
    first_field()
    with st.form("lift", border=False):
        reason = st.text_area("Reason", max_chars=500, height=90, placeholder="Whoever asks later reads this")
        sent = st.form_submit_button("End it", type="primary", shortcut="Ctrl+Enter")
    if sent:
        parts.finish(commands.LiftRestriction(kept.account, kept.author_id, reason or "", kept.version))


# ---------------------------------------------------------------- the thread of the open message


def thread(person: Person, message: Message) -> None:
    """Closing the thread to new comments, and opening it again; a rule may ask for it, a person does it."""
    kept = data_moderation.lock(message)
    asked = message.decision.lock if message.decision else None
    delivery = data.delivery(kept.act) if kept else None
    blocks = present_moderation.lock_blocks(
        asked, kept, delivery, parts.account_of(message), name=data.name_of, now=data.now(),
        able=data.can_act(message.platform, "lock"),
    )
    if blocks:
        sheet(blocks, key=f"thread-{message.id}")
    may = authority.may(person, "LockThread") and thread_of(message) and data.can_act(message.platform, "lock")
    if not may or message.outbound:
        return
    closed = kept is not None and kept.closed
    failed = delivery is not None and delivery.state in (DeliveryState.FAILED, DeliveryState.UNCLEAR)
    if (not closed or failed) and st.button("Close the thread", icon=":material/lock:", key=f"lock-{message.id}"):
        lock_dialog(message, True)
    if closed and st.button("Open the thread again", icon=":material/lock_open:", key=f"unlock-{message.id}"):
        lock_dialog(message, False)


@st.dialog("The thread", width="small")
def lock_dialog(message: Message, closed: bool) -> None:
    """Close it to new comments, or open it again, with reason and clause."""
    _lock(message, closed=closed)


@guarded
def _lock(message: Message, *, closed: bool) -> None:
    st.caption("Nobody can add to the thread until it is opened again; what stands there stays." if closed else
               "Everybody who could before can add to it again.")  # fmt: skip
    kept = data_moderation.lock(message)
    first_field()
    with st.form("lock", border=False):
        reason = st.text_area("Reason", max_chars=500, height=90, placeholder="Whoever asks later reads this")
        clause = parts.clause_box(message)
        label = "Close it" if closed else "Open it"
        sent = st.form_submit_button(label, type="primary", shortcut="Ctrl+Enter")
    if sent:
        expected = kept.version if kept else 0
        parts.finish(commands.LockThread(message.id, closed, reason or "", clause or "", expected))


# ---------------------------------------------------------------- deleting


def delete_button(message: Message, person: Person) -> None:
    """Where the platform can; it cannot be taken back, so it stands apart."""
    gone = message.deleted or message.outbound
    if gone or not authority.may(person, "Delete") or not data.can_act(message.platform, "delete"):
        return
    if st.button("Delete", key=f"delete-{message.id}", type="tertiary", icon=":material/delete:"):
        delete_dialog(message)


@st.dialog("Delete this message", width="small")
def delete_dialog(message: Message) -> None:
    """Delete it on the platform."""
    _delete(message)


@guarded
def _delete(message: Message) -> None:
    st.caption("It cannot be shown again. Hiding can be taken back; its words stay here as evidence either way.")
    first_field()
    with st.form("delete", border=False):
        reason = st.text_area("Reason", max_chars=500, height=90, placeholder="Whoever asks later reads this")
        clause = parts.clause_box(message)
        sent = st.form_submit_button("Delete", type="primary", shortcut="Ctrl+Enter")
    if sent:
        parts.finish(commands.Delete(message.id, reason or "", clause or "", message.version))


# ---------------------------------------------------------------- handing it up


def escalate_button(person: Person, message: Message) -> None:
    """Hand the decision to who answers for more."""
    if message.deleted or message.outbound or message.decision is None or not authority.may(person, "Escalate"):
        return
    if st.button("Hand up", key=f"escalate-{message.id}", type="tertiary", icon=":material/moving:", shortcut="E"):
        escalate_dialog(message)


@st.dialog("Hand this decision up", width="small")
def escalate_dialog(message: Message) -> None:
    """Choose who is to decide, and say why."""
    _escalate(message)


@guarded
def _escalate(message: Message) -> None:
    st.caption("It goes to the top of the queue, and they are told by mail, without the customer's words.")
    first_field()
    with st.form("escalate", border=False):
        to = st.selectbox("To", sorted(DECIDE), format_func=lambda role: theme.ROLES[role])
        reason = st.text_area("Reason", max_chars=400, height=90, placeholder="Whoever takes it on reads this first")
        sent = st.form_submit_button("Hand up", type="primary", shortcut="Ctrl+Enter")
    if sent:
        parts.finish(commands.Escalate(message.id, str(to or ""), reason or "", message.version))


# ---------------------------------------------------------------- a case study


def study_button(person: Person, message: Message) -> None:
    """The decision as a case study, to teach by: without anybody's name, number or address."""
    if message.decision is None or not authority.may(person, "TakeStudy"):
        return
    st.download_button(
        "Case study", partial(actions.taken, commands.TakeStudy(message.id), person),
        f"case-study-{message.created_at:%Y-%m}.md", "text/markdown", key=f"study-{message.id}",
        icon=":material/school:", type="tertiary", on_click="ignore",
        help="Facts, options, action, rationale and outcome, without names, handles, addresses, numbers and ids. Who "
        "takes it out is recorded.",
    )  # fmt: skip


def evidence_button(person: Person, message: Message) -> None:
    """Who went at somebody in this thread, for whoever was harassed: with names and words."""
    if message.decision is None or not authority.may(person, "GatherEvidence"):
        return
    told = "What was hidden or held in this thread within a week: names, words, times, decisions. Who asks is recorded."
    if st.button(
        "Evidence of the thread", key=f"evidence-{message.id}", icon=":material/gavel:", type="tertiary", help=told
    ):
        evidence_dialog(message)


@st.dialog("Evidence of the thread", width="small")
def evidence_dialog(message: Message) -> None:
    """The files, made and put on record once for each opening of the dialog."""
    _evidence(message)


@guarded
def _evidence(message: Message) -> None:
    made = actions.give(commands.GatherEvidence(message.id))
    if made is None:
        parts.flash()
        return
    actions.take_flash()  # it is said here
    st.caption(made.sentence)
    st.caption(
        "thread.csv is to be read: a row for each decision. thread.json is to be verified: its hash (SHA-256) stands "
        "in the line of the audit on this, and `herald evidence --check` holds it against the audit."
    )
    for name, file in made.files.items():
        st.download_button(
            name, file, f"{message.created_at:%Y-%m-%d}-{name}", key=f"file-{name}", icon=":material/download:",
            on_click="ignore",
        )  # fmt: skip


# ---------------------------------------------------------------- lists


def authors(person: Person, brand: str) -> None:
    """Against whom something stands, and until when."""
    found, now = data_moderation.restricted(brand), data.now()
    rows = [
        present_moderation.author_row(kept, data.accounts().get(kept.account), named, name=data.name_of, now=now)
        for kept, named in found
    ]
    empty = "Nobody is limited or blocked. Open a message to act on its author."
    may = authority.may(person, "LiftRestriction")
    picked = table(
        present_moderation.AUTHOR_COLUMNS, rows, key="authors", name="Limited and blocked authors",
        picks="Let them speak again" if may else "", empty=empty, stacks=620,
    )  # fmt: skip
    kept = next((one for one, _ in found if f"{one.account} {one.author_id}" == picked), None)
    if kept and may:
        lift_dialog(kept)
    st.caption("Everything here ends by itself. A block that ends is taken back on the platform.")


def channels(person: Person, brand: str) -> None:
    """How each account is moderated, and what its platform can."""
    accounts = sorted(data.accounts_of(brand), key=lambda account: (account.platform, account.name))
    rows = [
        present_moderation.channel_row(
            account, data_moderation.mode(account.id)[0],
            present_moderation.able(data_moderation.acts(account.platform)),
        )
        for account in accounts
    ]  # fmt: skip
    may = authority.may(person, "SetMode")
    picked = table(
        present_moderation.CHANNEL_COLUMNS, rows, key="channels", name="Channels", picks="Change" if may else "",
        empty="This brand has no account yet.", stacks=620,
    )  # fmt: skip
    chosen = next((account for account in accounts if account.id == picked), None)
    if chosen and may:
        mode_dialog(chosen)
    st.caption("No platform here lets us read a message before it is published; what Herald cannot do, people do.")


@st.dialog("How this channel is moderated", width="small")
def mode_dialog(account: Account) -> None:
    """Choose among the modes its platform can."""
    _mode(account)


@guarded
def _mode(account: Account) -> None:
    now, number = data_moderation.mode(account.id)
    cannot = {mode: data_moderation.obstacle(mode, account.platform) for mode in Mode}
    able = [mode for mode in Mode if not cannot[mode]]
    with st.form("mode", border=False):
        mode = st.radio(
            "Mode", able, index=able.index(now) if now in able else 0,
            format_func=lambda each: present_moderation.MODES[each][0],
            captions=[present_moderation.MODES[each][1] for each in able],
        )  # fmt: skip
        for each, why in cannot.items():
            if why:
                st.caption(f"Not {present_moderation.MODES[each][0].lower()}: {one_line(why, 200)}")
        reason = st.text_area("Reason", max_chars=500, height=90, placeholder="Whoever asks later reads this")
        sent = st.form_submit_button("Save", type="primary", shortcut="Ctrl+Enter")
    if sent:
        parts.finish(commands.SetMode(account.id, str(mode or ""), reason or "", number))


# ---------------------------------------------------------------- how well decisions stand


def figures(person: Person, brand: str) -> None:
    """Which rules are right, how soon harm is gone, how long people take, what appeals overturn."""
    now = data.now()
    months = _months(now)
    month = st.selectbox(
        "Month", months, format_func=lambda each: f"{months[each]} (UTC)", key="month", bind="query-params",
        label_visibility="collapsed", width=220,
    )  # fmt: skip
    found = data_moderation.accounted(brand, month)
    with st.grid(3, min_column_width=240, gap="small"):  # two that differ in their last word stay apart on a phone
        for label, value, rests, meaning in present_moderation.cards(found):
            st.metric(label, value, rests, "off", delta_arrow="off", border=True, height="stretch", help=meaning)
    table(
        present_moderation.RULE_COLUMNS, [present_moderation.rule_row(one) for one in found.rules], key="rules-stand",
        name="Rules, and what became of what they decided", empty="No rule hid anything or asked anybody.", stacks=560,
    )  # fmt: skip
    note = " Only the first 20,000 facts are in it." if found.more else ""
    st.caption(
        "Precision: what nobody has shown again since counts as right. Those with most wrong first. Confirmed: what "
        "people hid of what the rule sent them. A rule that only asks a person to look, at safety or at law, is right "
        "where it stays visible too. Harm gone, exposure and found: of what stood hidden or deleted on its platform; "
        f"where no program can hide, nothing is known of it.{note}"
    )
    if not authority.may(person, "Overrule"):
        return
    with st.container(horizontal=True, gap="small"):
        decided, gone = data_moderation.exported(brand, month)
        for label, text, name in (("Decisions", decided, "decisions"), ("Exposures", gone, "exposures")):
            st.download_button(
                f"{label} as CSV", text, f"{brand}-{month}-{name}.csv", "text/csv", key=f"csv-{name}",
                icon=":material/download:", type="tertiary", on_click="ignore",
            )  # fmt: skip


def _months(now: datetime) -> dict[str, str]:
    """The twelve months until now, newest first: "2026-11" -> "November 2026"."""
    newest = now.astimezone(UTC).year * 12 + now.astimezone(UTC).month - 1
    months = [date(each // 12, each % 12 + 1, 1) for each in range(newest, newest - 12, -1)]
    return {f"{each:%Y-%m}": f"{each:%B %Y}" for each in months}
