// A month of posts: a grid where there is room, weeks as a list where there is not. Tiles are dragged to another day
// or moved with Alt and the arrow keys; the time of day stays. Outside words only ever go into textContent.
//
// What the server is told (triggers): moved {id, to, expected, nonce} · opened {post} · composed {date} ·
// turned {month}. It answers a move by sending back its nonce in `told`; until then the tile stands where it was put.

const WIDE = 700 // px of its own width
const SHOWN = 4 // tiles of a day before the rest folds
const SETTLE = 700 // ms after the last arrow key: several steps are one move
const PATIENCE = 20000 // ms for an answer
const calendars = new WeakMap()

const el = (tag, className, text) => {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text !== undefined && text !== null) node.textContent = String(text)
  return node
}

const asButton = (className, text, name, run) => {
  const node = el("button", className, text)
  node.type = "button"
  if (name) node.setAttribute("aria-label", name)
  node.onclick = run
  return node
}

const pill = ([text, tone]) => el("span", `pill ${tone || "gray"}`, text)

const shifted = (iso, days) => {
  const at = new Date(`${iso}T00:00:00Z`)
  at.setUTCDate(at.getUTCDate() + days)
  return at.toISOString().slice(0, 10)
}

const spoken = (iso) =>
  new Date(`${iso}T00:00:00Z`).toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" })

// ---------------------------------------------------------------- moving

function say(cal, text) {
  cal.live.textContent = "" // the same words twice are read twice
  cal.live.textContent = text
}

const where = (cal, tile) => cal.moves.get(tile.id)?.to ?? tile.date

function put(cal, tile, to, wait) {
  if (!tile.movable) {
    say(cal, tile.locked)
    return
  }
  clearTimeout(cal.moves.get(tile.id)?.timer)
  const flying = cal.flying?.id === tile.id
  if (to === tile.date && !flying) {
    cal.moves.delete(tile.id)
    say(cal, `${tile.title} stays on ${spoken(to)}.`)
    draw(cal)
    return
  }
  const move = { id: tile.id, to, expected: cal.moves.get(tile.id)?.expected ?? tile.version, ready: false }
  cal.moves.set(tile.id, move)
  const leaves = !cal.data.days.some((day) => day.date === to)
  if (leaves) cal.refocus = tile.id // follow it: on this page there is nothing left to press further
  move.timer = setTimeout(() => {
    move.ready = true
    send(cal)
  }, leaves ? 0 : wait)
  const back = tile.back ? " It goes back to review." : ""
  say(cal, `${tile.title}, ${tile.platform}: to ${spoken(to)}, ${tile.time}.${back}`)
  draw(cal)
}

function send(cal) {
  if (cal.flying) return
  const move = [...cal.moves.values()].find((each) => each.ready)
  if (!move) return
  const nonce = `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`
  cal.flying = { ...move, nonce, move }
  cal.flying.timer = setTimeout(() => settle(cal, nonce, "No answer came. Look whether it moved before you try again."), PATIENCE)
  cal.trigger("moved", { id: move.id, to: move.to, expected: move.expected, nonce })
}

function settle(cal, nonce, text) {
  if (cal.flying?.nonce !== nonce) return
  clearTimeout(cal.flying.timer)
  const { id, move } = cal.flying
  cal.flying = null
  const tile = cal.data.tiles.find((each) => each.id === id)
  if (cal.moves.get(id) === move) {
    cal.moves.delete(id)
  } else if (tile) {
    cal.moves.get(id).expected = tile.version // moved on meanwhile, from what this very move made
  }
  for (const other of cal.moves.values()) {
    const its = cal.data.tiles.find((each) => each.id === other.id)
    if (its && tile && its.post === tile.post) other.expected = its.version
  }
  if (text) say(cal, text)
  send(cal)
}

// ---------------------------------------------------------------- what is told

function tell(cal, told) {
  if (!told || told.n === cal.toldN) return
  const first = cal.toldN === undefined && !told.fresh
  cal.toldN = told.n
  if (first) return // told before this calendar was drawn
  cal.note.className = `told ${told.tone}`
  cal.note.replaceChildren(
    el("span", "", told.text),
    asButton("away", "✕", "Close this note", () => (cal.note.hidden = true)),
  )
  cal.note.hidden = false
  clearTimeout(cal.noteTimer)
  if (told.tone === "green") cal.noteTimer = setTimeout(() => (cal.note.hidden = true), 7000)
  say(cal, told.text)
}

// ---------------------------------------------------------------- drawing

function tileNode(cal, tile, listed) {
  const moving = cal.moves.has(tile.id)
  const node = el("div", `tile ${tile.state} ${tile.alarm ? "alarm" : ""} ${moving ? "moving" : ""}`)
  node.style.setProperty("--c", tile.colour)
  node.dataset.id = tile.id
  node.dataset.focus = tile.id
  node.tabIndex = 0
  node.setAttribute("role", "button")
  node.setAttribute("aria-label", tile.label + (moving ? ", being moved" : ""))
  node.title = tile.tip
  if (tile.movable) {
    node.setAttribute("aria-keyshortcuts", "Alt+ArrowLeft Alt+ArrowRight Alt+ArrowUp Alt+ArrowDown")
    node.draggable = true
  }
  const line = el("div", "line")
  const time = el("span", `time ${tile.abroad ? "abroad" : ""}`, tile.time)
  const title = el("span", "title", tile.title)
  title.dir = "auto"
  if (listed) {
    line.append(time, title)
    node.append(line)

    const foot = el("div", "foot")
    foot.append(el("span", "letter", tile.letter), el("span", "muted", tile.platform), pill([tile.words, tile.tone]))
    if (tile.abroad) foot.append(el("span", "muted", `${tile.abroad} there`))
    node.append(foot)
    if (tile.alarm) node.append(el("div", "why", tile.alarm))
  } else {
    line.append(time, el("span", "letter", tile.letter), el("span", "mark", tile.mark))
    node.append(line, title)
    if (tile.alarm) node.append(el("div", "why", tile.alarm))
  }
  for (const part of node.querySelectorAll("*")) part.setAttribute("aria-hidden", "true")
  if (/^https?:\/\//.test(tile.href)) {
    const link = el("a", "mark out", tile.mark)
    link.href = tile.href
    link.target = "_blank"
    link.rel = "noopener noreferrer"
    link.draggable = false
    link.dataset.focus = `${tile.id} link`
    link.setAttribute("aria-label", `See ${tile.title} on ${tile.platform}`)
    link.title = `See it on ${tile.platform}`
    link.onclick = (event) => event.stopPropagation()
    link.onkeydown = (event) => event.stopPropagation()
    const mark = line.querySelector(".mark")
    const outer = el("div", "withlink")
    if (mark) mark.remove()
    outer.append(node, link)
    wire(cal, node, tile)
    return outer
  }
  wire(cal, node, tile)
  return node
}

function wire(cal, node, tile) {
  node.onclick = () => cal.trigger("opened", { post: tile.post })
  node.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key]
    if (event.altKey && step) {
      put(cal, tile, shifted(where(cal, tile), step), SETTLE)
    } else if (event.key === "Enter" || event.key === " ") {
      cal.trigger("opened", { post: tile.post })
    } else {
      return
    }
    event.preventDefault()
    event.stopPropagation()
  }
  node.ondragstart = (event) => {
    if (!tile.movable) return
    cal.dragging = tile // as it was seen when it was lifted: what changed since is the gate's to refuse
    event.dataTransfer.setData("text/plain", tile.title)
    event.dataTransfer.effectAllowed = "move"
    node.classList.add("lifted")
    cal.root.classList.add("dragging")
    cal.hint.textContent = tile.back
      ? "Drop it on another day. Its time stays. It goes back to review."
      : "Drop it on another day. Its time stays."
    cal.hint.hidden = false
  }
  node.ondragend = () => {
    cal.dragging = null
    cal.root.classList.remove("dragging")
    cal.hint.hidden = true
    draw(cal) // also what came while it was in the air
  }
}

function markNode(cal, mark) {
  const node = asButton(`daymark ${mark.kind} ${mark.done ? "done" : ""}`, mark.title, mark.words, () => cal.trigger("opened", { mark: mark.id }))
  node.title = mark.words
  return node
}

function dayNode(cal, day, tiles) {
  const node = el("section", `day ${day.other ? "other" : ""} ${day.holiday ? "closed" : ""}`)
  node.dataset.date = day.date
  const today = day.date === cal.data.today
  const count = tiles.length === 1 ? "1 post" : `${tiles.length || "no"} posts`
  const closed = day.holiday ? `, ${day.holiday}` : ""
  node.setAttribute("aria-label", `${day.words}${today ? ", today" : ""}${closed}, ${count}`)
  const top = el("div", "top")
  top.append(el("span", `number ${today ? "today" : ""}`, day.number))
  if (day.holiday) {
    const holiday = el("span", "holiday", day.holiday)
    holiday.title = day.holiday
    top.append(holiday)
  }
  if (cal.data.compose && !day.past) {
    const add = asButton("add", "+", `New post on ${day.words}`, () => cal.trigger("composed", { date: day.date }))
    add.dataset.focus = `add ${day.date}`
    top.append(add)
  }
  node.append(top)
  for (const mark of day.marks || []) node.append(markNode(cal, mark))
  const open = cal.unfolded.has(day.date) || tiles.length <= SHOWN + 1
  for (const tile of open ? tiles : tiles.slice(0, SHOWN)) node.append(tileNode(cal, tile, false))
  if (!open) {
    const more = asButton("more", `${tiles.length - SHOWN} more`, `${tiles.length - SHOWN} more posts on ${day.words}`, () => {
      cal.unfolded.add(day.date)
      draw(cal)
    })
    more.dataset.focus = `more ${day.date}`
    node.append(more)
  }
  node.ondragover = (event) => {
    if (!cal.dragging) return
    event.preventDefault()
    event.dataTransfer.dropEffect = "move"
    node.classList.add("over")
  }
  node.ondragleave = (event) => {
    if (!node.contains(event.relatedTarget)) node.classList.remove("over")
  }
  node.ondrop = (event) => {
    event.preventDefault()
    node.classList.remove("over")
    const tile = cal.dragging
    cal.dragging = null
    if (tile && where(cal, tile) !== day.date) put(cal, tile, day.date, 0)
  }
  return node
}

function gridNode(cal, byDay) {
  const grid = el("div", "grid")
  const head = el("div", "weekdays")
  head.setAttribute("aria-hidden", "true")
  for (const day of ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]) head.append(el("span", "", day))
  const frame = el("div", "frame")
  for (const day of cal.data.days) frame.append(dayNode(cal, day, byDay.get(day.date) || []))
  grid.append(head, frame)
  return grid
}

function weeksNode(cal, byDay) {
  const list = el("div", "weeks")
  const { days, today } = cal.data
  let any = false
  for (let at = 0; at < days.length; at += 7) {
    const week = days.slice(at, at + 7)
    const busy = week.filter((day) => (byDay.get(day.date) || []).length || day.date === today || day.holiday || (day.marks || []).length)
    if (!busy.length) continue
    any = true
    const block = el("section", "week")
    const month = (iso) => new Date(`${iso}T00:00:00Z`).toLocaleDateString("en-GB", { month: "short", timeZone: "UTC" })
    const [first, last] = [week[0], week[6]]
    const from = month(first.date) === month(last.date) ? first.number : `${first.number} ${month(first.date)}`
    block.append(el("h3", "", `${from}–${last.number} ${month(last.date)}`))
    for (const day of busy) {
      const row = el("div", "listed")
      row.setAttribute("role", "group")
      row.setAttribute("aria-label", day.words)
      const name = el("div", `name ${day.date === today ? "now" : ""}`)
      name.append(el("span", "short", day.words.slice(0, 3)), el("span", "number", day.number))
      const tiles = el("div", "tiles")
      if (day.holiday) tiles.append(el("div", "holiday", day.holiday))
      for (const mark of day.marks || []) tiles.append(markNode(cal, mark))
      for (const tile of byDay.get(day.date) || []) tiles.append(tileNode(cal, tile, true))
      if (!(byDay.get(day.date) || []).length && day.date === today) tiles.append(el("div", "muted nothing", "Nothing planned today"))
      row.append(name, tiles)
      block.append(row)
    }
    list.append(block)
  }
  if (!any) list.append(el("div", "empty", "Nothing is planned in this month."))
  return list
}

const LEGEND = [["draft", "✎", "draft"], ["in_review", "…", "in review"], ["approved", "✓", "approved"], ["published", "↗", "out"]]

function headNode(cal) {
  const { month } = cal.data
  const head = el("div", "monthhead")
  const turn = (focus, text, name, to) => {
    const node = asButton("turn", text, name, () => cal.trigger("turned", { month: to }))
    node.dataset.focus = focus
    return node
  }
  const title = el("h2", "", month.words)
  title.setAttribute("aria-live", "polite")
  head.append(turn("before", "‹", "Previous month", month.before), title, turn("after", "›", "Next month", month.after))
  if (month.now) {
    const back = turn("now", "Today", "Back to this month", month.now)
    back.classList.add("today")
    head.append(back)
  }
  if (cal.wide) {
    const legend = el("div", "legend")
    legend.setAttribute("aria-hidden", "true")
    for (const [state, mark, text] of LEGEND) {
      const item = el("span", "entry")
      item.append(el("span", `swatch ${state}`, mark), el("span", "", text))
      legend.append(item)
    }
    head.append(legend)
  }
  return head
}

function needsNode(cal) {
  const { needs } = cal.data
  const box = el("section", "needs")
  box.setAttribute("aria-label", "Needs you")
  box.append(el("h3", "", needs.length === 1 ? "1 post needs you" : `${needs.length} posts need you`))
  for (const item of cal.allNeeds ? needs : needs.slice(0, 3)) {
    const row = asButton("need", "", "", () => cal.trigger("opened", { post: item.post }))
    row.dataset.focus = `need ${item.id}`
    const title = el("span", "title", item.title)
    title.dir = "auto"
    const head = el("span", "head")
    head.append(pill(item.pill), title, el("span", "muted", `${item.where} · ${item.when}`))
    row.append(head, el("span", "why", item.why))
    box.append(row)
  }
  if (!cal.allNeeds && needs.length > 3) {
    box.append(asButton("all", `Show all ${needs.length}`, "", () => {
      cal.allNeeds = true
      draw(cal)
    }))
  }
  return box
}

function draw(cal) {
  if (cal.dragging) return // a tile in the air: what came meanwhile is drawn when it lands
  const { data } = cal
  const focused = cal.root.getRootNode().activeElement?.dataset?.focus ?? cal.refocus
  const byDay = new Map()
  for (const tile of data.tiles) {
    const day = where(cal, tile)
    if (!byDay.has(day)) byDay.set(day, [])
    byDay.get(day).push(tile)
  }
  for (const tiles of byDay.values()) tiles.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
  const wide = cal.root.clientWidth >= WIDE
  cal.wide = wide
  const parts = []
  if (data.needs.length) parts.push(needsNode(cal))
  parts.push(headNode(cal), wide ? gridNode(cal, byDay) : weeksNode(cal, byDay))
  cal.body.replaceChildren(...parts)
  if (focused) {
    const again = [...cal.body.querySelectorAll("[data-focus]")].find((node) => node.dataset.focus === focused)
    again?.focus({ preventScroll: focused !== cal.refocus })
    if (again && focused === cal.refocus) cal.refocus = undefined
  }
}

function begin(root) {
  const cal = { root, moves: new Map(), flying: null, dragging: null, unfolded: new Set(), json: "" }
  cal.live = el("div", "unseen")
  cal.live.setAttribute("aria-live", "polite")
  cal.live.setAttribute("role", "status")
  cal.note = el("div", "told")
  cal.note.hidden = true
  cal.hint = el("div", "hint")
  cal.hint.hidden = true
  cal.body = el("div", "body")
  root.replaceChildren(cal.live, cal.body, cal.hint, cal.note)
  cal.watch = new ResizeObserver(() => {
    if (cal.wide !== undefined && cal.wide !== root.clientWidth >= WIDE) draw(cal)
  })
  cal.watch.observe(root)
  return cal
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".calendar")
  if (!root || !data) return undefined
  let cal = calendars.get(root)
  if (!cal) {
    cal = begin(root)
    calendars.set(root, cal)
  }
  cal.trigger = setTriggerValue
  const json = JSON.stringify(data)
  if (json !== cal.json) {
    cal.json = json
    const shown = cal.data?.days?.[0]?.date
    cal.data = data
    if (shown !== data.days[0].date) cal.unfolded.clear()
    const there = new Set(data.tiles.map((tile) => tile.id))
    for (const id of [...cal.moves.keys()]) {
      if (!there.has(id) && cal.flying?.id !== id) cal.moves.delete(id) // filtered out, or gone
    }
    if (cal.flying && data.told?.nonce === cal.flying.nonce) settle(cal, cal.flying.nonce, "")
    draw(cal)
    tell(cal, data.told)
  }
  return () => cal.watch.disconnect()
}
