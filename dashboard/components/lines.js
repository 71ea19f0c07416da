// A text box for documents that are read by line: numbers beside it, marks on the lines of which something is said.
// It tells the server what stands in it at each pause. The browser's text is the truth: the server never writes into a
// box that is there, except that what it gives in `more` is added once at the end.

const PAUSE = 700 // ms
const boxes = new WeakMap()

export default function (component) {
  const { data, parentElement, setStateValue } = component
  const root = parentElement.querySelector(".lines")
  if (!root || !data) return undefined
  let held = boxes.get(root)
  if (!held) {
    held = { area: root.querySelector("textarea"), gutter: root.querySelector(".gutter"), sent: data.start }
    held.area.value = data.start
    held.added = data.more.id
    boxes.set(root, held)
  }
  const { area, gutter } = held
  area.setAttribute("aria-label", data.label)
  area.rows = data.rows
  area.maxLength = data.most
  const marks = new Map(data.marks.map(([line, tone]) => [line, tone]))
  const number = () => {
    const count = area.value.split("\n").length
    const told = `${count} ${data.marks.join(" ")}`
    if (held.numbered !== told) {
      held.numbered = told
      const rows = []
      for (let line = 1; line <= count; line++) {
        const row = document.createElement("div")
        row.textContent = String(line)
        if (marks.has(line)) row.className = marks.get(line)
        rows.push(row)
      }
      const end = document.createElement("div")
      end.textContent = "\u00a0" // so that it scrolls as far as the text over its own bar
      gutter.replaceChildren(...rows, end, end.cloneNode(true))
    }
    gutter.scrollTop = area.scrollTop
  }
  const tell = () => {
    clearTimeout(held.timer)
    if (area.value === held.sent) return
    held.sent = area.value
    setStateValue("text", area.value)
  }
  area.oninput = () => {
    number()
    clearTimeout(held.timer)
    held.timer = setTimeout(tell, PAUSE)
  }
  area.onscroll = () => (gutter.scrollTop = area.scrollTop)
  area.onblur = tell // before the click that left the box
  area.onkeydown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) tell()
  }
  if (data.more.id && data.more.id !== held.added) {
    held.added = data.more.id
    area.value = `${area.value.trimEnd()}\n${data.more.text}`
    area.scrollTop = area.scrollHeight
    tell()
  }
  number()
  return () => clearTimeout(held.timer)
}
