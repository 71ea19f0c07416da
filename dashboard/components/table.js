// A table for reading. Outside words only ever go into textContent.

const tables = new WeakMap()

function cell(value) {
  if (value === null || value === undefined) return el("span")
  if (typeof value !== "object") return el("span", "words", value)
  if (value.pill) return el("span", `pill ${value.pill[1] || "gray"}`, value.pill[0])
  if (value.dot) {
    const node = el("span", "inline")
    const dot = el("span", "dot")
    dot.style.setProperty("--light", value.dot[0])
    dot.style.setProperty("--dark", value.dot[1])
    node.append(dot, el("span", "words", value.text))
    return node
  }
  if (value.bar !== undefined) {
    const node = el("span", "bar")
    const track = el("span", "track")
    const fill = el("span", "fill")
    fill.style.width = `${Math.max(0, Math.min(100, Number(value.bar)))}%`
    track.append(fill)
    node.append(track, el("span", "share", value.text))
    return node
  }
  if (value.due !== undefined) return el("span", `due ${value.tone || ""}`, value.due)
  if (value.strong !== undefined) {
    const node = el("span", "two")
    node.append(el("span", "strong", value.strong))
    if (value.sub) node.append(el("span", "sub", value.sub))
    return node
  }
  return el("span", "muted", value.muted)
}

function rowOf(held, row, columns, stacked) {
  const { data } = held
  const tr = el("tr", data.picks && row.id ? "picks" : "")
  if (stacked) tr.setAttribute("role", "row")
  columns.forEach((column, place) => {
    const node = el(place ? "td" : "th", `${column.n ? "n " : ""}${column.wraps ? "wraps" : ""}`)
    if (!place) node.scope = "row"
    if (stacked) node.setAttribute("role", place ? "cell" : "rowheader")
    const inner = cell(row.cells[column.id])
    if (place) node.dataset.label = column.label
    if (place && !inner.textContent) node.classList.add("bare")
    if (!column.n) {
      node.dir = "auto"
      node.style.textAlign = "left"
    }
    if (!column.wraps) node.title = inner.textContent
    if (!place && data.picks && row.id) {
      const button = el("button")
      button.type = "button"
      button.setAttribute("aria-label", `${data.picks}: ${inner.textContent}`)
      button.append(inner)
      node.append(button)
    } else {
      node.append(inner)
    }
    tr.append(node)
  })
  if (data.picks && row.id) tr.onclick = () => held.pick(row.id)
  return tr
}

function show(held) {
  const { data, root } = held
  const wide = root.clientWidth || 1000
  const stacked = Boolean(data.stacks && wide < data.stacks)
  const fits = (c) => (stacked || !c.from || wide >= c.from) && (!c.until || (!stacked && wide < c.until))
  const columns = data.columns.filter(fits)
  const json = JSON.stringify([data, stacked, columns.map((column) => [column.id, column.width])])
  if (json === held.json) return // nothing new: keep what the reader has selected or scrolled to
  held.json = json
  const scroller = el("div", "scroller")
  scroller.tabIndex = 0
  scroller.setAttribute("role", "region")
  scroller.setAttribute("aria-label", data.name)
  if (stacked) scroller.classList.add("stacked")
  if (data.tall) scroller.style.maxHeight = `${data.tall}px`
  const before = data.head.title ? [headOf(held, data.head)] : []
  const after = data.note ? [el("p", "note", data.note)] : []
  if (!data.rows.length) {
    scroller.append(el("p", "empty", data.empty || "Nothing to show."))
    root.replaceChildren(...before, scroller, ...after)
    return
  }
  const table = el("table", columns.some((column) => column.wraps) ? "flows" : "")
  if (stacked) table.setAttribute("role", "table") // a browser takes the meaning away with the display
  table.append(el("caption", "unseen", data.name))
  const group = el("colgroup")
  const head = el("tr")
  for (const column of columns) {
    const col = el("col")
    if (column.width) col.style.width = `${column.width}px`
    group.append(col)
    const th = el("th", column.n ? "n" : "", column.label)
    th.scope = "col"
    head.append(th)
  }
  const thead = el("thead")
  thead.append(head)
  const body = el("tbody")
  body.append(...data.rows.map((row) => rowOf(held, row, columns, stacked)))
  table.append(group, thead, body)
  scroller.append(table)
  const top = held.scroller ? held.scroller.scrollTop : 0
  root.replaceChildren(...before, scroller, ...after)
  scroller.scrollTop = top
  held.scroller = scroller
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".holder")
  if (!root || !data) return undefined
  let held = tables.get(root)
  if (!held) {
    held = { root, json: "", data }
    held.watch = new ResizeObserver(() => show(held))
    tables.set(root, held)
    held.watch.observe(root)
  }
  held.data = data
  held.set = setTriggerValue
  held.pick = (id) => setTriggerValue("picked", id)
  show(held)
  return () => held.watch.disconnect()
}
