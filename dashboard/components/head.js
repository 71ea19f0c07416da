// What table.js and figure.js share: they are sent with this before them. The head of a card, and making nodes.

const SPACE = "http://www.w3.org/2000/svg"
const ICONS = {
  away: "M6 4h6v6M12 4l-8 8",
  table: "M2.5 3.5h11v9h-11zM2.5 6.5h11M2.5 9.5h11M6.5 6.5v6",
  up: "M8 13V3M4 7l4-4 4 4",
  down: "M8 3v10M4 9l4 4 4-4",
}

const el = (tag, className, text) => {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text !== undefined && text !== null) node.textContent = String(text)
  return node
}

const draw = (tag, given = {}, text) => {
  const node = document.createElementNS(SPACE, tag)
  for (const [name, value] of Object.entries(given)) node.setAttribute(name, value)
  if (text !== undefined) node.textContent = text
  return node
}

const icon = (name) => {
  const node = draw("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" })
  node.append(draw("path", { d: ICONS[name] }))
  return node
}

/** Heading, pills, a choice, and at the end a button or a link. `held.set` tells what was asked. */
function headOf(held, data) {
  const row = el("div", "head")
  row.append(el("h5", "", data.title))
  for (const [text, tone] of data.badges) row.append(el("span", `pill ${tone}`, text))
  if (data.options.length) {
    const group = el("div", "options")
    group.setAttribute("role", "radiogroup")
    group.setAttribute("aria-label", data.title)
    for (const [id, label] of data.options) {
      const button = el("button", "", label)
      button.type = "button"
      button.setAttribute("role", "radio")
      button.setAttribute("aria-checked", String(id === data.chosen))
      button.onclick = () => id !== data.chosen && held.set("option", id)
      group.append(button)
    }
    row.append(group)
  }
  if (data.more) {
    const more = el(data.href ? "a" : "button", "more")
    more.append(icon(data.href ? "away" : "table"), el("span", "", data.more))
    if (data.href) more.href = data.href
    else more.type = "button"
    more.onclick = (event) => {
      if (data.href && (event.ctrlKey || event.metaKey || event.shiftKey)) return // another tab or window
      event.preventDefault()
      held.set("more", true)
    }
    row.append(more)
  }
  return row
}
