"use strict";
(() => {
  const page = document.getElementById("page");
  const wall = document.getElementById("wall");
  const live = document.getElementById("live");
  const author = document.getElementById("author");
  const text = document.getElementById("text");
  const on = document.getElementById("on");
  const said = document.getElementById("said");
  let revision = "";

  function tell(words, bad) {
    said.textContent = words;
    said.classList.toggle("bad", Boolean(bad));
  }

  async function control(name, body) {
    try {
      const response = await fetch(`/_sim/${name}`, {
        method: "POST", headers: {"content-type": "application/json"}, body: JSON.stringify(body),
      });
      const answer = await response.json();
      if (!response.ok) { tell(answer.error || `The simulator answered ${response.status}.`, true); return null; }
      tell("");
      await refresh();
      return answer;
    } catch {
      tell("The simulator does not answer.", true);
      return null;
    }
  }

  /* ---------------------------------------------------------------- live parts */

  async function refresh() {
    const query = new URLSearchParams({revision, view: page.dataset.view, posts: page.dataset.posts, post: page.dataset.post});
    let answer;
    try {
      answer = await (await fetch(`/p/${page.dataset.page}/live?${query}`)).json();
    } catch {
      return;
    }
    if (answer.revision === revision) return;
    const first = revision === "";
    revision = answer.revision;
    if (answer.wall !== undefined) show(wall, answer.wall, first);
    if (answer.side !== undefined) show(live, answer.side, first);
    dress();
  }

  /* New markup in place of the old; open forms and menus, focus and the cursor stay where they were. */
  function show(place, html, first) {
    if (place.dataset.html === html) return;
    place.dataset.html = html;
    const known = new Set([...place.querySelectorAll("[data-comment-id]")].map(a => a.dataset.commentId));
    const focused = place.contains(document.activeElement) ? document.activeElement : null;
    const cursor = focused && focused.tagName === "TEXTAREA" ? [focused.selectionStart, focused.selectionEnd] : null;
    const forms = [...place.querySelectorAll(".slot > form")].map(form => [form.parentNode.dataset.slot, form]);
    const open = [...place.querySelectorAll("details[open]")].map(d => d.dataset.key);
    const where = focused && focused.dataset;
    place.innerHTML = html;
    for (const [id, form] of forms) {
      const slot = place.querySelector(`[data-slot="${CSS.escape(id)}"]`);
      if (slot) slot.append(form);
    }
    for (const key of open) {
      const again = place.querySelector(`details[data-key="${CSS.escape(key)}"]`);
      if (again) again.open = true;
    }
    if (focused && focused.isConnected) {
      focused.focus({preventScroll: true});
      if (cursor) focused.setSelectionRange(...cursor);
    } else if (where) {
      const same = Object.entries(where).map(([k, v]) =>
        `[data-${k.replace(/[A-Z]/g, c => "-" + c.toLowerCase())}="${CSS.escape(v)}"]`).join("");
      const again = same && place.querySelector(same);
      if (again) again.focus({preventScroll: true});
    }
    if (!first) {
      for (const a of place.querySelectorAll("[data-comment-id]")) {
        if (!known.has(a.dataset.commentId)) a.classList.add("arrived");
      }
    }
  }

  /* What depends on this browser: the clock, and who speaks. */
  function dress() {
    const now = Date.now();
    for (const time of document.querySelectorAll("time")) time.textContent = ago(new Date(time.dateTime), now);
    for (const a of wall.querySelectorAll("[data-author]")) {
      a.classList.toggle("mine", a.dataset.author === author.value.trim().replace(/\s+/g, " "));
    }
    for (const chip of document.querySelectorAll(".chip")) {
      chip.setAttribute("aria-pressed", String(chip.dataset.name === author.value));
    }
    const chosen = on.value;
    const posts = [...wall.querySelectorAll("[data-post-id]")].map(p => [p.dataset.postId, `${p.dataset.author}: ${p.dataset.title}`]);
    if (!page.dataset.post) posts.unshift(["", on.dataset.none]);
    if (posts.length && JSON.stringify(posts) !== on.dataset.posts) {
      on.dataset.posts = JSON.stringify(posts);
      on.replaceChildren(...posts.map(([value, label]) => new Option(label, value)));
      if (posts.some(([value]) => value === chosen)) on.value = chosen;
    }
  }

  function ago(then, now) {
    const minutes = Math.floor((now - then) / 60000);
    if (minutes < 1) return "just now";
    if (minutes < 60) return `${minutes} min`;
    if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h`;
    if (minutes < 7 * 24 * 60) return `${Math.floor(minutes / 1440)} d`;
    const year = then.getFullYear() === new Date(now).getFullYear() ? undefined : "numeric";
    return then.toLocaleDateString("en-AU", {day: "numeric", month: "short", year});
  }

  /* ---------------------------------------------------------------- speaking */

  document.getElementById("composer").addEventListener("submit", async event => {
    event.preventDefault();
    const button = document.getElementById("comment");
    button.disabled = true;
    const body = {page: page.dataset.page, as: author.value, text: text.value};
    if (on.value) body.post = on.value;
    const answer = await control("comment", body);
    button.disabled = false;
    if (answer) { text.value = ""; tell(page.dataset.said); }
    text.focus();
  });

  document.addEventListener("keydown", event => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) event.target.form.requestSubmit();
    if (event.key === "Escape") for (const d of document.querySelectorAll(".react[open]")) d.open = false;
  });

  document.addEventListener("submit", async event => {
    const form = event.target.closest("[data-form]");
    if (!form) return;
    event.preventDefault();
    const given = new FormData(form);
    const body = {page: page.dataset.page, as: author.value};
    if (form.dataset.form === "recommend") {
      body.text = given.get("review_text");
      body.positive = given.get("positive") === "true";
    } else {
      body.text = given.get("visitor_text");
    }
    if (await control(form.dataset.form, body)) { form.reset(); tell("Done; the webhook is on its way."); }
  });

  function openForm(kind, object) {
    for (const old of wall.querySelectorAll(".slot > form")) old.remove();
    const slot = wall.querySelector(`[data-slot="${CSS.escape(object)}"]`);
    const form = document.getElementById("inline").content.firstElementChild.cloneNode(true);
    const area = form.querySelector("textarea");
    const id = `${kind}-${object}`;
    area.id = id;
    area.name = kind;
    const label = form.querySelector("label");
    label.htmlFor = id;
    const submit = form.querySelector("button.main");
    if (kind === "edit") {
      area.value = slot.closest("article").querySelector(".text").textContent;
      label.textContent = "New words";
      submit.textContent = "Save";
    } else {
      label.textContent = `Reply as ${author.value}`;
      area.placeholder = `Reply as ${author.value}`;
      submit.textContent = "Reply";
    }
    form.querySelector("[data-cancel]").addEventListener("click", () => form.remove());
    form.addEventListener("submit", async event => {
      event.preventDefault();
      const body = kind === "edit"
        ? {object, text: area.value, as: author.value}
        : {page: page.dataset.page, parent: object, text: area.value, as: author.value};
      if (await control(kind === "edit" ? "edit" : "comment", body)) form.remove();
    });
    slot.append(form);
    area.focus();
  }

  /* ---------------------------------------------------------------- buttons */

  const acts = {
    react: b => control("react", {object: b.dataset.object, type: b.dataset.type, as: author.value, toggle: true}),
    like: b => control("like", {object: b.dataset.object, as: author.value}),
    boost: b => control("boost", {object: b.dataset.object, as: author.value}),
    follow: async () => {
      const answer = await control("follow", {page: page.dataset.page, as: author.value});
      if (answer) tell(`${author.value} follows${answer.on ? "" : " no more"}.`);
    },
    ask: async () => {
      tell("Herald looks …");
      const answer = await control("ask", {});
      if (answer) tell(answer.said);
    },
    share: b => control("share", {object: b.dataset.object, as: author.value}),
    delete: b => control("delete", {object: b.dataset.object, as: author.value}),
    hide: b => control("hide", {object: b.dataset.object, hidden: b.dataset.hide === "true"}),
    withdraw: () => control("recommend", {page: page.dataset.page, as: author.value, withdraw: true}),
    redeliver: async () => {
      const answer = await control("redeliver", {count: 10});
      if (answer) tell(`${answer.redelivered} event${answer.redelivered === 1 ? "" : "s"} sent once more.`);
    },
    handshake: () => control("handshake", {}),
  };

  document.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (!event.target.closest(".react")) for (const d of document.querySelectorAll(".react[open]")) d.open = false;
    if (!button) return;
    const data = button.dataset;
    if (data.name) { author.value = data.name; remember(); }
    else if (data.commentOn) { on.value = data.commentOn; text.focus(); }
    else if (data.open) openForm(data.open, data.object);
    else if (data.act) {
      const menu = button.closest("details.react");
      if (menu) menu.open = false;
      acts[data.act](button);
    } else if (data.fault) {
      const body = {kind: data.fault, count: 1};
      if (data.fault === "late") body.seconds = Number(document.getElementById("late-seconds").value);
      else if (data.fault === "429" || data.fault === "outage") body.count = Number(document.getElementById("fault-count").value);
      if ("forever" in data) body.count = null;
      if (data.fault !== "none") body.page = page.dataset.page;
      control("faults", body);
    }
  });

  for (const input of document.querySelectorAll("[data-setting]")) {
    input.addEventListener("change", () => control("settings",
      {[input.dataset.setting]: input.type === "checkbox" ? input.checked : Number(input.value)}));
  }

  function remember() {
    try { localStorage.setItem("author", author.value); } catch { /* private window */ }
    dress();
  }
  author.addEventListener("input", remember);
  try { author.value = localStorage.getItem("author") || author.value; } catch { /* private window */ }

  async function loop() {
    await refresh();
    setTimeout(loop, document.hidden ? 4000 : 800);
  }
  dress();
  loop();
  setInterval(dress, 30000);
})();
