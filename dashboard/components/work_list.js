// A list of work: a table where there is room, cards where there is not. Outside words only ever go into textContent.

const WIDE = 760 // px of its own width, not of the window: beside an open case it is narrow on any screen
const lists = new WeakMap()

const el = (tag, className, text) => {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text !== undefined && text !== null) node.textContent = String(text)
  return node
}

const pill = ([text, tone]) => el("span", `pill ${tone || "gray"}`, text)

function cell(value) {
  if (value === null || value === undefined) return el("span")
  if (typeof value !== "object") return el("span", "", value)
  if (value.pill) return pill(value.pill)
  if (value.dot) {
    const node = el("span", "inline")
    const dot = el("span", "dot")
    dot.style.background = value.dot
    node.append(dot, el("span", "", value.text))
    return node
  }
  if (value.bar !== undefined) {
    const node = el("div", "bar")
    const track = el("span", "track")
    const fill = el("span", "fill")
    fill.style.width = `${Math.max(0, Math.min(100, Number(value.bar)))}%`
    track.append(fill)
    node.append(track, el("span", "share", `${value.bar}%`))
    return node
  }
  if (value.due !== undefined) return el("span", `due ${value.tone || ""}`, value.due)
  if (value.strong !== undefined) return el("span", "strong", value.strong)
  return el("span", "muted", value.muted)
}

function asTableRow(row, columns) {
  const node = el("tr", "row")
  for (const column of columns) {
    const td = el("td")
    const value = row.cells[column.id]
    const inner = cell(value)
    td.append(inner)
    if (["text", "name"].includes(column.card)) {
      td.dir = "auto"
      td.style.textAlign = "left"
    }
    if (column.card === "text") inner.className = "words"
    if (value && value.bar === undefined) td.title = inner.textContent
    node.append(td)
  }
  return node
}

function asCard(row, columns) {
  const node = el("div", "row card")
  const at = (place) => columns.filter((c) => c.card === place && row.cells[c.id] !== undefined && row.cells[c.id] !== "")
  const line = (places, pushed) => {
    const holder = el("div", "line")
    for (const column of places) holder.append(cell(row.cells[column.id]))
    for (const column of pushed) {
      const item = cell(row.cells[column.id])
      item.classList.add("push")
      holder.append(item)
    }
    return holder
  }
  node.append(line(at("top"), at("aside")))
  const names = el("div", "line")
  for (const column of at("name")) {
    const name = cell(row.cells[column.id])
    name.classList.add("name")
    name.dir = "auto"
    names.append(name)
  }
  if (names.childElementCount) node.append(names)
  for (const column of at("text")) {
    const words = el("div", "words", cell(row.cells[column.id]).textContent)
    words.dir = "auto"
    words.style.textAlign = "left"
    node.append(words)
  }
  if (at("foot").length) node.append(line(at("foot"), []))
  return node
}

function build(list, wide, columns) {
  const { data } = list
  const frame = el("div", "frame")
  list.holder = frame
  if (wide) {
    const table = el("table")
    const group = el("colgroup")
    const head = el("tr")
    for (const column of columns) {
      const col = el("col")
      if (column.width) col.style.width = `${column.width}px`
      group.append(col)
      const th = el("th", "", column.label)
      th.scope = "col"
      head.append(th)
    }
    const thead = el("thead")
    thead.append(head)
    list.holder = el("tbody")
    table.append(group, thead, list.holder)
    table.setAttribute("role", "grid")
    table.setAttribute("aria-label", data.name)
    frame.append(table)
  } else {
    frame.setAttribute("role", "listbox")
    frame.setAttribute("aria-label", data.name)
  }
  const back = el("button", "back", "← All")
  back.type = "button"
  back.onclick = () => list.pick("")
  list.back = back
  list.rows.clear()
  list.root.replaceChildren(back, frame)
}

function show(list) {
  const { data, root } = list
  const wide = root.clientWidth >= WIDE
  const columns = data.columns.filter((column) => !wide || !column.from || root.clientWidth >= column.from)
  const shape = JSON.stringify([wide, columns, data.rows.length === 0])
  if (shape !== list.shape) {
    build(list, wide, columns)
    list.shape = shape
  }
  root.className = `list ${data.scrolls ? "scrolls" : ""} ${data.scrolls && data.selected ? "opened" : ""}`
  if (!data.rows.length) {
    const empty = el("div", "empty")
    empty.append(el("h3", "", data.empty[0]), el("p", "", data.empty[1]))
    root.querySelector(".frame").replaceChildren(empty)
    list.known = new Set()
    return
  }
  const keep = new Set(data.rows.map((row) => row.id))
  for (const [id, held] of list.rows) {
    if (!keep.has(id)) {
      held.node.remove()
      list.rows.delete(id)
    }
  }
  const focused = root.getRootNode().activeElement?.dataset?.id
  data.rows.forEach((row, index) => {
    const json = JSON.stringify(row.cells)
    let held = list.rows.get(row.id)
    if (!held || held.json !== json) {
      const node = wide ? asTableRow(row, columns) : asCard(row, columns)
      node.dataset.id = row.id
      node.setAttribute("role", wide ? "row" : "option")
      node.onclick = () => choose(list, row.id)
      node.onkeydown = (event) => keys(list, event, row.id)
      if (!held && list.known && !list.known.has(row.id)) node.classList.add("fresh")
      if (held) held.node.replaceWith(node)
      held = { node, json }
      list.rows.set(row.id, held)
    }
    if (list.holder.children[index] !== held.node) list.holder.insertBefore(held.node, list.holder.children[index] || null)
    held.node.setAttribute("aria-selected", String(row.id === data.selected))
    const tabbed = data.selected && keep.has(data.selected) ? row.id === data.selected : index === 0
    held.node.tabIndex = tabbed ? 0 : -1
  })
  if (focused && list.rows.has(focused)) list.rows.get(focused).node.focus({ preventScroll: true })
  list.known = keep
}

function choose(list, id) {
  for (const [other, held] of list.rows) held.node.setAttribute("aria-selected", String(other === id))
  list.pick(id)
}

function keys(list, event, id) {
  const order = list.data.rows.map((row) => row.id)
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step) {
    const next = list.rows.get(order[order.indexOf(id) + step])
    next?.node.focus()
  } else if (event.key === "Enter" || event.key === " ") {
    choose(list, id)
  } else {
    return
  }
  event.preventDefault()
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".list")
  if (!root || !data) return undefined
  let list = lists.get(parentElement)
  if (!list || list.root !== root) {
    list?.watch.disconnect()
    list = { root, rows: new Map(), shape: "", known: null }
    list.watch = new ResizeObserver(() => show(list))
    lists.set(parentElement, list)
    list.data = data
    list.watch.observe(root)
  }
  list.data = data
  list.pick = (id) => setTriggerValue("picked", id)
  show(list)
  return () => list.watch.disconnect()
}
