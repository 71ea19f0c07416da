// A text box that tells the server what stands in it at each pause, so that what is written is checked while it is
// written. The browser's text is the truth: the server never writes into a box that is there.

const PAUSE = 400 // ms
const boxes = new WeakMap()

export default function (component) {
  const { data, parentElement, setStateValue } = component
  const root = parentElement.querySelector(".words")
  if (!root || !data) return undefined
  let held = boxes.get(root)
  if (!held) {
    held = { area: root.querySelector("textarea"), sent: data.start }
    held.area.value = data.start
    boxes.set(root, held)
  }
  const { area } = held
  root.querySelector("span").textContent = data.label
  area.placeholder = data.placeholder
  area.rows = data.rows
  area.maxLength = data.most
  area.setAttribute("aria-label", data.label)
  const tell = () => {
    clearTimeout(held.timer)
    if (area.value === held.sent) return
    held.sent = area.value
    setStateValue("text", area.value)
  }
  area.oninput = () => {
    clearTimeout(held.timer)
    held.timer = setTimeout(tell, PAUSE)
  }
  area.onblur = tell // before the click that left the box
  return () => clearTimeout(held.timer)
}
