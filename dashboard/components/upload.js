// Sends one file from this browser straight to where files are kept, with the permission the server signed.

const uploads = new WeakMap()

const el = (tag, className, text) => {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text !== undefined && text !== null) node.textContent = String(text)
  return node
}

const megabytes = (size) => `${(size / 1e6).toLocaleString("en", { maximumFractionDigits: 1 })} MB`

function send(file, held) {
  const { data } = held
  if (file.size > data.most) {
    held.say(`This file has ${megabytes(file.size)}; ${megabytes(data.most)} is the limit.`, "red")
    return
  }
  const form = new FormData()
  for (const [name, value] of Object.entries(data.fields)) form.append(name, value)
  form.append("file", file)
  const request = new XMLHttpRequest()
  request.open("POST", data.address)
  request.upload.onprogress = (event) => {
    held.bar.hidden = false
    held.bar.value = event.lengthComputable ? event.loaded / event.total : 0
    held.say(`${megabytes(event.loaded)} of ${megabytes(file.size)} sent`, "")
  }
  const failed = () => {
    held.bar.hidden = true
    held.input.disabled = false
    held.say("It did not arrive. Check your connection and choose the file again.", "red")
  }
  request.onerror = failed
  request.onload = () => {
    if (request.status < 200 || request.status > 299) return failed()
    held.say(`${file.name}: all of it arrived.`, "green")
    held.bar.hidden = true
    held.tell(file.name)
  }
  held.input.disabled = true
  held.say("Sending …", "")
  request.send(form)
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".upload")
  if (!root || !data) return
  let held = uploads.get(root)
  if (!held) {
    held = { input: el("input"), bar: el("progress"), note: el("div", "told") }
    held.input.type = "file"
    held.note.setAttribute("role", "status")
    held.bar.hidden = true
    held.bar.max = 1
    held.say = (text, tone) => {
      held.note.textContent = text
      held.note.className = `told ${tone}`
    }
    held.input.onchange = () => {
      if (held.input.files[0]) send(held.input.files[0], held)
    }
    const label = el("label")
    label.append(el("span", "", "A film, sound or PDF of any size up to the limit"), held.input)
    root.append(label, held.bar, held.note)
    uploads.set(root, held)
  }
  held.data = data
  held.tell = (name) => setTriggerValue("sent", name)
}
