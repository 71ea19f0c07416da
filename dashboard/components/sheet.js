// One thing for reading, as a list of blocks. Outside words only ever go into textContent.
//
// head    {name, initials, colour, sub, chips: [[text, tone]]}
// said    {pieces: [{text, mark?}], gone?}      the message; long ones fold
// media   {text, ask, covered, links: [{href, text}], pictures: [data:]}   pictures of theirs; blurred once asked for
// label   {text}                                heading of a section
// facts   {rows: [{k, v?, pill?, mute?}]}
// clause  {title, text, note?, link?: {href, text}}
// bubble  {who, when, text, chip?, why?, link?: {href, text}}
// events  {rows: [{when, text, tone?, link?: {href, text}}]}
// note    {text, tone?}
// trace   {title, lines: [{text, rows: [{k, v, wanted}]}]}
// policy  {number, title, text, by?: [[kind, words]]}   by: what enforces it
// change  {number, title, pill, pieces: [{text, was?: "added" | "gone"}]}
// title   {text}
// empty   {text}
// away    {href, text}                          a path of this server
// me      {name, initials, roles, href?, link?}

const FOLD = 900 // characters

const el = (tag, className, text) => {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text !== undefined && text !== null) node.textContent = String(text)
  return node
}

const pill = ([text, tone]) => el("span", `pill ${tone || "gray"}`, text)

// A link within this server, in the same tab.
function ownLink(path, text) {
  const link = el("a", "", text)
  if (/^\/[^/\\]/.test(path)) link.href = path
  return link
}

// A link that leaves this server, in a new tab; nothing where it is no web address.
function outLink({ href, text }) {
  const holder = el("div", "why")
  if (!/^https?:\/\//.test(href)) return holder
  const link = el("a", "", text)
  link.href = href
  link.target = "_blank"
  link.rel = "noopener noreferrer"
  holder.append(link)
  return holder
}

// A small copy of a picture: blurred and grey until it is pressed, by mouse or key; pressed again, blurred again.
function picture(src, n, opened) {
  const button = el("button", "picture")
  button.type = "button"
  const image = el("img")
  image.src = src
  image.alt = ""
  button.append(image)
  const set = (clear) => {
    opened[`picture${n}`] = clear
    button.classList.toggle("clear", clear)
    button.setAttribute("aria-pressed", String(clear))
    button.setAttribute("aria-label", `Picture ${n}, ${clear ? "shown clearly" : "blurred"}`)
  }
  button.onclick = () => set(!button.classList.contains("clear"))
  set(Boolean(opened[`picture${n}`]))
  return button
}

const blocks = {
  head(b, held) {
    const node = el("div", "head")
    const face = el("div", "face", b.initials)
    face.style.background = b.colour
    face.setAttribute("aria-hidden", "true")
    const who = el("div", "who")
    const name = el("div", "name", b.name)
    name.dir = "auto"
    name.style.textAlign = "left"
    who.append(name, el("div", "sub", b.sub))
    const chips = el("div", "chips")
    chips.append(...(b.chips || []).map(pill))
    const close = el("button", "close", "✕")
    close.type = "button"
    close.setAttribute("aria-label", "Close")
    close.onclick = () => held.close()
    node.append(face, who, close, chips)
    return node
  },
  said(b, { opened }) {
    const node = el("div", `said ${b.gone ? "gone" : ""}`)
    const words = el("div", "words")
    words.dir = "auto"
    let length = 0
    for (const piece of b.pieces) {
      length += piece.text.length
      if (piece.mark === undefined) {
        words.append(document.createTextNode(piece.text))
      } else {
        const mark = el("mark", "", piece.text)
        mark.title = piece.mark
        words.append(mark)
      }
    }
    node.append(words)
    if (length > FOLD) {
      const more = el("button", "", "")
      more.type = "button"
      const set = (open) => {
        node.classList.toggle("folded", !open)
        more.textContent = open ? "Show less" : `Show all ${length.toLocaleString("en")} characters`
        opened.all = open
      }
      more.onclick = () => set(node.classList.contains("folded"))
      set(Boolean(opened.all))
      node.append(more)
    }
    return node
  },
  media(b, { opened, look }) {
    const node = el("div", "media")
    const shown = b.pictures.filter((src) => src.startsWith("data:image/")).map((src, n) => picture(src, n + 1, opened))
    const cover = el("div", "cover")
    cover.setAttribute("aria-hidden", "true")
    const ask = el("button", "", b.ask)
    ask.type = "button"
    const links = el("div", "links")
    links.append(...b.links.map(outLink))
    const show = (open) => {
      opened.media = open
      node.classList.toggle("open", open)
      ask.setAttribute("aria-expanded", String(open))
    }
    const covered = b.covered
    ask.onclick = () => {
      if (covered) look()
      else show(!node.classList.contains("open"))
    }
    node.append(...(covered ? [cover] : shown), el("div", "muted", b.text), ask, links)
    if (!covered) show(Boolean(opened.media) || shown.length === 0)
    return node
  },
  label: (b) => el("div", "label", b.text),
  facts(b) {
    const node = el("dl")
    for (const row of b.rows) {
      const dd = el("dd", row.mute ? "muted" : "")
      if (row.pill) dd.append(pill(row.pill))
      if (row.v !== undefined) dd.append(document.createTextNode((row.pill ? " " : "") + row.v))
      node.append(el("dt", "", row.k), dd)
    }
    return node
  },
  clause(b) {
    const node = el("div", "clause")
    node.append(el("div", "title", b.title), el("div", "text", b.text))
    if (b.note) node.append(el("div", "muted", b.note))
    if (b.link) node.append(outLink(b.link))
    return node
  },
  bubble(b) {
    const node = el("div", "bubble")
    const top = el("div", "top")
    top.append(el("strong", "", b.who), el("span", "muted", b.when))
    if (b.chip) top.append(pill(b.chip))
    const text = el("div", "text", b.text)
    text.dir = "auto"
    node.append(top, text)
    if (b.why) node.append(el("div", "why", b.why))
    if (b.link) node.append(outLink(b.link))
    return node
  },
  events(b) {
    const node = el("ol")
    for (const row of b.rows) {
      const item = el("li")
      const text = el("span", "", row.text)
      if (row.link) text.append(" ", ownLink(row.link.href, row.link.text))
      item.append(el("span", "when", row.when), el("span", `knob ${row.tone || ""}`), text)
      node.append(item)
    }
    return node
  },
  note(b) {
    const node = el("div", `note ${b.tone || ""}`, b.text)
    node.setAttribute("role", "status")
    return node
  },
  trace(b, { opened }) {
    const node = el("details")
    node.open = Boolean(opened.trace)
    node.ontoggle = () => (opened.trace = node.open)
    const lines = el("div", "trace")
    for (const line of b.lines) {
      lines.append(el("div", "", line.text))
      for (const row of line.rows || []) {
        const check = el("div", "check")
        const seen = el("span", "", row.v)
        seen.append(el("span", "wanted", row.wanted))
        check.append(el("span", "muted", row.k), seen)
        lines.append(check)
      }
    }
    node.append(el("summary", "", b.title), lines)
    return node
  },
  policy(b) {
    const node = el("div", "policy")
    node.append(el("div", "number", b.number), el("div", "title", b.title), el("div", "text", b.text))
    if (b.by && b.by.length) {
      const list = el("ul", "by")
      list.setAttribute("aria-label", "What enforces it")
      for (const [kind, words] of b.by) {
        const item = el("li")
        item.append(el("span", "kind", kind), el("span", "", words))
        list.append(item)
      }
      node.append(list)
    }
    return node
  },
  change(b) {
    const node = el("div", "policy")
    const title = el("div", "title", b.title)
    title.append(document.createTextNode(" "), pill(b.pill))
    const text = el("div", "text")
    for (const piece of b.pieces) {
      const tag = { added: "ins", gone: "del" }[piece.was]
      text.append(tag ? el(tag, "", piece.text) : document.createTextNode(piece.text))
    }
    node.append(el("div", "number", b.number), title, text)
    return node
  },
  title: (b) => el("div", "heading", b.text),
  empty: (b) => el("div", "empty", b.text),
  away: (b) => ownLink(b.href, b.text),
  me(b) {
    const node = el("div", "me")
    const who = el("div", "who")
    who.append(el("div", "name", b.name), el("div", "sub", b.roles))
    if (b.href) who.append(ownLink(b.href, b.link))
    node.append(el("div", "face", b.initials), who)
    return node
  },
}

const sheets = new WeakMap()

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".sheet")
  if (!root || !data) return
  const json = JSON.stringify(data.blocks)
  const held = sheets.get(root) || { opened: {}, json: "" }
  sheets.set(root, held)
  held.close = () => setTriggerValue("closed", true)
  held.look = () => {
    held.looking = true
    setTriggerValue("looked", true)
  }
  if (held.json === json) return // nothing new: keep what the reader has selected or unfolded
  held.json = json
  root.replaceChildren(...data.blocks.filter((b) => blocks[b.t]).map((b) => blocks[b.t](b, held)))
  const first = held.looking && root.querySelector(".picture")
  if (!first) return
  held.looking = false
  first.focus() // where the button was that was pressed
}
