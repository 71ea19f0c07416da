// One post for reading, as a list of blocks. Outside words only ever go into textContent.
//
// head     {title, sub} · account {platform, letter, colour, account, when}
// master   {title, text, link, image?: {src, alt, note}, facts: [text]}
// variant  {platform, letter, colour, account, pill, reason?: [text, tone], own, rows: [{k, v?, pill?, mute?, diff?}],
//           problems: [{field, words}], href, link}
// preview  {platform, letter, colour, account, when, text, link, image?: {src, alt}, count, limit, unit,
//           problems: [{field, words}], warn?}
// picture  {image: {src, alt}}
// label    {text} · note {text, tone?} · events {rows: [{when, text, tone?}]}

const el = (tag, className, text) => {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text !== undefined && text !== null) node.textContent = String(text)
  return node
}

const words = (className, text) => {
  const node = el("div", className, text)
  node.dir = "auto"
  return node
}

const pill = ([text, tone]) => el("span", `pill ${tone || "gray"}`, text)

// Only a picture that our own server drew anew: never an address.
function picture(image) {
  const node = el("figure", "picture")
  if (/^data:image\/jpeg;base64,[A-Za-z0-9+/=]+$/.test(image.src || "")) {
    const img = el("img")
    img.src = image.src
    img.alt = image.alt || ""
    node.append(img)
  } else {
    node.append(el("div", "nopicture", "The image cannot be shown here."))
  }
  return node
}

// Text with its addresses coloured as platforms do; they are no links.
function told(text) {
  const node = el("div", "told")
  node.dir = "auto"
  let at = 0
  for (const found of text.matchAll(/https?:\/\/\S+|(?<![\w&])#[\p{L}\p{N}_]+|(?<![\w.])@[\w.-]+/gu)) {
    node.append(document.createTextNode(text.slice(at, found.index)), el("span", "address", found[0]))
    at = found.index + found[0].length
  }
  node.append(document.createTextNode(text.slice(at)))
  return node
}

function account(b, when) {
  const node = el("div", "account")
  const badge = el("span", "badge", b.letter)
  badge.style.background = b.colour
  badge.setAttribute("aria-hidden", "true")
  const who = el("div", "who")
  const name = el("div", "name", b.account)
  name.dir = "auto"
  who.append(name, el("div", "sub", when ? `${b.platform} · ${when}` : b.platform))
  node.append(badge, who)
  return node
}

function problems(list) {
  const node = el("ul", "problems")
  for (const each of list) {
    const item = el("li")
    item.append(el("strong", "", each.field), document.createTextNode(` ${each.words}`))
    node.append(item)
  }
  return node
}

function differences(pieces) {
  const node = el("div", "diff")
  node.dir = "auto"
  for (const piece of pieces) {
    const tag = { gone: "del", new: "ins" }[piece.kind]
    node.append(tag ? el(tag, "", piece.text) : document.createTextNode(piece.text))
  }
  return node
}

function facts(rows) {
  const node = el("dl")
  for (const row of rows) {
    const dd = el("dd", row.mute ? "muted" : "")
    if (row.pill) dd.append(pill(row.pill))
    if (row.v !== undefined) dd.append(document.createTextNode((row.pill ? " " : "") + row.v))
    if (row.diff) dd.append(differences(row.diff))
    node.append(el("dt", "", row.k), dd)
  }
  return node
}

const blocks = {
  head(b) {
    const node = el("header", "head")
    node.append(words("heading", b.title), el("div", "muted", b.sub))
    return node
  },
  account: (b) => account(b, b.when),
  master(b) {
    const node = el("article", "master")
    node.append(words("text", b.text || "(no words of its own)"))
    if (b.link) node.append(words("linked", b.link))
    if (b.image) {
      const figure = picture(b.image)
      const caption = el("figcaption")
      caption.append(words("", b.image.alt ? `Description: ${b.image.alt}` : "No description yet"), el("div", "muted", b.image.note))
      figure.append(caption)
      node.append(figure)
    }
    if (b.facts?.length) node.append(el("div", "muted", b.facts.join(" · ")))
    return node
  },
  picture: (b) => picture(b.image),
  variant(b) {
    const node = el("article", "variant")
    const head = account(b, "")
    head.append(pill(b.pill))
    node.append(head)
    if (b.reason) node.append(words(`reason ${b.reason[1]}`, b.reason[0]))
    if (b.own) node.append(words("own", b.own))
    if (b.problems.length) node.append(problems(b.problems))
    node.append(facts(b.rows))
    if (/^https?:\/\//.test(b.href)) {
      const link = el("a", "see", `${b.link} ↗`)
      link.href = b.href
      link.target = "_blank"
      link.rel = "noopener noreferrer"
      node.append(link)
    }
    return node
  },
  preview(b) {
    const node = el("article", "preview")
    node.setAttribute("aria-label", `Preview, ${b.platform}, ${b.account}`)
    node.append(account(b, b.when))
    if (b.text) node.append(told(b.text))
    else node.append(el("div", "muted", "Nothing written yet"))
    if (b.image) node.append(picture(b.image))
    if (b.link) {
      const card = el("div", "card")
      card.append(el("div", "host", b.link.host), words("muted", b.link.address))
      node.append(card)
    }
    const foot = el("div", "foot")
    const over = b.count > b.limit
    const gauge = el("span", "gauge")
    const fill = el("span", `fill ${over ? "over" : b.count > 0.9 * b.limit ? "near" : ""}`)
    fill.style.width = `${Math.min(100, (100 * b.count) / Math.max(1, b.limit))}%`
    gauge.append(fill)
    const number = (n) => Number(n).toLocaleString("en")
    foot.append(gauge, el("span", `count ${over ? "over" : ""}`, `${number(b.count)} / ${number(b.limit)} ${b.unit}`))
    node.append(foot)
    if (b.warn) node.append(el("div", "warn", b.warn))
    if (b.problems.length) node.append(problems(b.problems))
    else node.append(el("div", "fits", "✓ Fits"))
    return node
  },
  label: (b) => el("div", "label", b.text),
  note(b) {
    const node = el("div", `note ${b.tone || ""}`, b.text)
    node.setAttribute("role", "status")
    return node
  },
  events(b) {
    const node = el("ol")
    for (const row of b.rows) {
      const item = el("li")
      item.append(el("span", `knob ${row.tone || ""}`), words("what", row.text), el("span", "when", row.when))
      node.append(item)
    }
    return node
  },
}

const posts = new WeakMap()

export default function (component) {
  const { data, parentElement } = component
  const root = parentElement.querySelector(".post")
  if (!root || !data) return
  const json = JSON.stringify(data.blocks)
  if (posts.get(root) === json) return // nothing new: keep what the reader has selected
  posts.set(root, json)
  root.replaceChildren(...data.blocks.filter((b) => blocks[b.t]).map((b) => blocks[b.t](b)))
}
