// A row of numbers or one chart, as SVG. Outside words only ever go into textContent.

const figures = new WeakMap()
const WEEK = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

function paint(node, colours) {
  node.style.setProperty("--light", colours[0])
  node.style.setProperty("--dark", colours[1])
  return node
}

const picture = (wide, high, said) =>
  draw("svg", { width: wide, height: high, viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": said })

// ---------------------------------------------------------------- what appears under the pointer

/** Lines of [label, value, colours?] under a heading, above all else on the page and never beyond its edge. */
function tell(held, at, heading, lines) {
  const { tip } = held
  tip.replaceChildren(el("strong", "", heading))
  for (const [label, value, colours] of lines) {
    const line = el("span", value === undefined ? "text" : "line")
    if (colours) line.append(paint(el("i", "dot"), colours))
    line.append(el("span", "label", label))
    if (value !== undefined) line.append(el("b", "", value))
    tip.append(line)
  }
  if (!tip.matches(":popover-open")) tip.showPopover()
  const box = tip.getBoundingClientRect()
  const page = document.documentElement
  let left = at.right + 12
  if (left + box.width > page.clientWidth - 8) left = at.left - box.width - 12
  if (left < 8) left = Math.max(8, Math.min(page.clientWidth - box.width - 8, (at.left + at.right - box.width) / 2))
  const top = left < at.right && left + box.width > at.left ? at.bottom + 8 : at.top
  tip.style.left = `${left}px`
  tip.style.top = `${Math.max(8, Math.min(innerHeight - box.height - 8, top))}px`
}

const hush = (held) => held.tip.matches(":popover-open") && held.tip.hidePopover()

function explains(held, node, heading, lines) {
  node.addEventListener("pointerenter", () => tell(held, node.getBoundingClientRect(), heading, lines))
  node.addEventListener("pointerleave", () => hush(held))
}

// ---------------------------------------------------------------- a row of numbers

function numbers(held, data) {
  const row = el("div", "numbers")
  row.setAttribute("role", "list")
  for (const each of data.numbers) {
    const card = el("div", `number ${each.tone}`)
    card.setAttribute("role", "listitem")
    const label = el("div", "name")
    label.append(el("span", "label", each.label))
    const help = el("button", "help", "?")
    help.type = "button"
    help.setAttribute("aria-label", `${each.label}: what it means. ${each.help.join(" ")}`)
    const lines = each.help.map((line) => [line])
    help.onfocus = help.onpointerenter = () => tell(held, help.getBoundingClientRect(), each.label, lines)
    help.onblur = help.onpointerleave = () => hush(held)
    help.onkeydown = (event) => event.key === "Escape" && hush(held)
    label.append(help)
    const under = el("div", "under")
    if (each.delta) {
      const delta = el("span", "delta")
      if (each.arrow) delta.append(icon(each.arrow))
      delta.append(el("span", "", each.delta))
      under.append(delta)
    }
    if (each.beside) under.append(el("span", "beside", each.beside))
    card.append(label, el("div", "value", each.value), under)
    if (each.spark.length) card.append(spark(each.spark))
    row.append(card)
  }
  return row
}

/** From the least to the greatest of its own numbers: a shape, not a scale. */
function spark(values) {
  const low = Math.min(...values)
  const span = Math.max(...values) - low || 1
  const given = { viewBox: "0 0 100 36", preserveAspectRatio: "none", class: "spark", "aria-hidden": "true" }
  const points = values.map((value, at) =>
    `${((100 * at) / (values.length - 1)).toFixed(2)},${(33 - (30 * (value - low)) / span).toFixed(2)}`)
  const node = draw("svg", given)
  node.append(draw("polygon", { points: `0,36 ${points.join(" ")} 100,36` }), draw("polyline", { points: points.join(" ") }))
  return node
}

// ---------------------------------------------------------------- lines

function lines(held, data, wide) {
  const { labels, top, high } = data
  const narrow = wide < 420
  const edge = { left: 40, top: 10, bottom: 26 }
  const beside = narrow ? 8 : 16 + 7.4 * Math.max(...data.lines.map((line) => line.name.length))
  const last = Math.max(...data.lines.map((line) => line.values.findLastIndex((value) => value !== null)))
  const room = wide - edge.left - 8
  const step = Math.min(room / Math.max(1, labels.length - 1), (room + 8 - beside) / Math.max(1, last))
  const x = (at) => edge.left + 8 + at * step
  const y = (value) => edge.top + (high - edge.top - edge.bottom) * (1 - value / top)
  const right = Math.max(x(labels.length - 1), x(last))
  const svg = picture(wide, high, data.said)
  for (const [value, word] of data.steps) {
    svg.append(draw("line", { class: "grid", x1: edge.left, x2: right, y1: y(value), y2: y(value) }))
    svg.append(draw("text", { class: "axis", x: edge.left - 8, y: y(value) + 4, "text-anchor": "end" }, word))
  }
  let free = 0
  for (const [at, word] of data.ticks) {
    if (x(at) - 22 < free) continue
    free = x(at) + 30
    svg.append(draw("text", { class: "axis", x: x(at), y: high - 6, "text-anchor": "middle" }, word))
  }
  const rule = draw("line", { class: "rule", y1: edge.top, y2: high - edge.bottom })
  svg.append(rule)
  for (const line of data.lines) {
    const group = paint(draw("g", { class: "series" }), line.colours)
    let run = []
    const close = () => {
      if (run.length > 1) group.append(draw("polyline", { points: run.map(([at, v]) => `${x(at).toFixed(1)},${y(v).toFixed(1)}`).join(" ") }))
      for (const [at, v] of run.length === 1 || labels.length < 15 ? run : []) group.append(draw("circle", { cx: x(at), cy: y(v), r: 2.6 }))
      run = []
    }
    line.values.forEach((value, at) => (value === null ? close() : run.push([at, value])))
    close()
    if (!narrow && line.end !== null) group.append(draw("text", { x: x(last) + 10, y: y(line.end) + 4 }, line.name))
    svg.append(group)
  }
  const move = (event) => {
    const box = svg.getBoundingClientRect()
    const at = Math.max(0, Math.min(labels.length - 1, Math.round((event.clientX - box.left - x(0)) / (step || 1))))
    rule.setAttribute("x1", x(at))
    rule.setAttribute("x2", x(at))
    rule.classList.add("seen")
    const said = data.lines.map((line) => [line.name, line.said[at], line.colours])
    const place = box.left + x(at)
    tell(held, { left: place, right: place, top: event.clientY - 20, bottom: event.clientY }, labels[at], said)
  }
  svg.onpointermove = svg.onpointerdown = move
  svg.onpointerleave = () => {
    rule.classList.remove("seen")
    hush(held)
  }
  if (!narrow) return svg
  const both = el("div")
  const names = el("div", "names")
  for (const line of data.lines) {
    const name = el("span")
    name.append(paint(el("i", "dot"), line.colours), el("span", "", line.name))
    names.append(name)
  }
  both.append(names, svg)
  return both
}

// ---------------------------------------------------------------- bars

function bars(held, data, wide) {
  const { rows, top } = data
  const high = 38
  const left = 14 + 7.2 * Math.max(...rows.map((row) => row.name.length))
  const across = (wide - left - 56) / top
  const svg = picture(wide, high * rows.length + 6, data.said)
  rows.forEach((row, place) => {
    const middle = high * place + high / 2 + 2
    const group = paint(draw("g", { class: "bar" }), row.colours)
    group.append(draw("rect", { class: "whole", x: 0, y: middle - high / 2, width: wide, height: high }))
    group.append(draw("text", { class: "who", x: left - 10, y: middle + 4, "text-anchor": "end" }, row.name))
    let end = left
    if (row.value !== null) {
      end = left + across * row.value
      group.append(draw("rect", { class: "fill", x: left, y: middle - 7.5, width: Math.max(1, end - left), height: 15, rx: 3 }))
    }
    if (row.value !== null && row.before !== null) {
      const at = left + across * row.before
      end = Math.max(end, at)
      group.append(draw("line", { class: "tick", x1: at, x2: at, y1: middle - 12, y2: middle + 12 }))
    }
    group.append(draw("text", { class: row.value === null ? "none" : "said", x: end + 8, y: middle + 4 }, row.said))
    explains(held, group, row.name, row.told)
    svg.append(group)
  })
  return svg
}

// ---------------------------------------------------------------- hours of the week

function hours(held, data, wide) {
  const left = 38
  const top = data.scale ? 40 : 6
  const high = 27
  const cell = Math.min(34, (wide - left - 2) / 24)
  const bottom = top + 7 * high
  const svg = picture(wide, bottom + 22, data.said)
  if (data.scale) {
    const fade = draw("linearGradient", { id: "fade" })
    fade.append(draw("stop", { offset: 0, class: "low" }), draw("stop", { offset: 1, class: "most" }))
    const defs = draw("defs")
    defs.append(fade)
    svg.append(defs, draw("text", { class: "axis", x: left, y: 10 }, data.scale[0]))
    svg.append(draw("rect", { x: left, y: 16, width: 140, height: 7, rx: 3.5, fill: "url(#fade)" }))
    svg.append(draw("text", { class: "axis", x: left + 148, y: 23 }, `${data.scale[1]} to ${data.scale[2]}`))
  }
  WEEK.forEach((day, place) => {
    const middle = top + high * (place + 0.5)
    svg.append(draw("text", { class: "who", x: left - 10, y: middle + 4, "text-anchor": "end" }, day))
    svg.append(draw("line", { class: "dotted", x1: left, x2: left + 24 * cell, y1: middle, y2: middle }))
  })
  for (let hour = 0; hour < 24; hour += wide < 420 ? 6 : 3) {
    const word = `${String(hour).padStart(2, "0")}:00`
    svg.append(draw("text", { class: "axis", x: left + cell * (hour + 0.5), y: bottom + 16, "text-anchor": "middle" }, word))
  }
  for (const each of data.cells) {
    const group = draw("g", { class: "hour" })
    const box = { x: left + cell * each.hour, y: top + high * each.weekday, width: cell, height: high }
    const middle = [box.x + cell / 2, box.y + high / 2]
    group.append(draw("rect", { class: "whole", ...box }))
    if (each.shade === null) group.append(draw("circle", { class: "few", cx: middle[0], cy: middle[1], r: 2.2 }))
    else {
      const inner = { x: box.x + 1, y: box.y + 1.5, width: cell - 2, height: high - 3, rx: 3 }
      const block = draw("rect", { class: "rated", ...inner })
      block.style.setProperty("--shade", `${each.shade}%`)
      group.append(block)
    }
    if (each.star) group.append(draw("text", { class: "star", x: middle[0], y: middle[1] + 4, "text-anchor": "middle" }, "★"))
    explains(held, group, each.when, each.told)
    svg.append(group)
  }
  return svg
}

// ---------------------------------------------------------------- the whole

const KINDS = { numbers, lines, bars, hours }

function show(held) {
  const { data, root } = held
  const wide = Math.floor(root.clientWidth) || 600
  const json = JSON.stringify([data, data.kind === "numbers" ? 0 : wide])
  if (json === held.json) return // nothing new: what is under the pointer stays
  held.json = json
  hush(held)
  const focused = root.getRootNode().activeElement?.textContent
  const parts = data.head.title ? [headOf(held, data.head)] : []
  parts.push(data.empty ? el("p", "empty", data.empty) : KINDS[data.kind](held, data, wide))
  if (data.note) parts.push(el("p", "note", data.note))
  root.replaceChildren(...parts, held.tip)
  if (focused) [...root.querySelectorAll("button")].find((button) => button.textContent === focused)?.focus()
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".holder")
  if (!root || !data) return undefined
  let held = figures.get(root)
  if (!held) {
    held = { root, json: "", data, tip: el("div", "tip") }
    held.tip.popover = "manual"
    held.tip.setAttribute("role", "tooltip")
    root.append(held.tip)
    held.watch = new ResizeObserver(() => show(held))
    figures.set(root, held)
    held.watch.observe(root)
  }
  held.data = data
  held.set = setTriggerValue
  show(held)
  return () => held.watch.disconnect()
}
