// What the library holds, as cards. Outside words only ever go into textContent.

const galleries = new WeakMap()

const el = (tag, className, text) => {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text !== undefined && text !== null) node.textContent = String(text)
  return node
}

// Only a picture that our own server drew anew: never an address.
function face(card) {
  const node = el("span", "face")
  if (/^data:image\/jpeg;base64,[A-Za-z0-9+/=]+$/.test(card.src || "")) {
    const img = el("img")
    img.src = card.src
    img.alt = card.alt || ""
    node.append(img)
  } else {
    node.append(el("span", "mark", card.mark))
  }
  return node
}

function cardOf(card, held) {
  const item = el("li")
  const button = el("button", card.id === held.data.selected ? "card chosen" : "card")
  button.type = "button"
  const title = el("span", "title", card.title)
  title.dir = "auto"
  const foot = el("span", "foot")
  foot.append(el("span", "sub", card.sub))
  if (card.pill) foot.append(el("span", `pill ${card.pill[1] || "gray"}`, card.pill[0]))
  button.append(face(card), title, foot)
  button.onclick = () => held.pick(card.id)
  item.append(button)
  return item
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".gallery")
  if (!root || !data) return
  const held = galleries.get(root) || { json: "" }
  galleries.set(root, held)
  held.data = data
  held.pick = (id) => setTriggerValue("picked", id)
  const json = JSON.stringify(data)
  if (held.json === json) return
  held.json = json
  if (!data.cards.length) {
    const empty = el("div", "empty")
    empty.append(el("strong", "", data.empty[0]), el("div", "muted", data.empty[1]))
    root.replaceChildren(empty)
    return
  }
  const list = el("ul", "cards")
  list.setAttribute("aria-label", data.name)
  list.append(...data.cards.map((card) => cardOf(card, held)))
  root.replaceChildren(list)
}
