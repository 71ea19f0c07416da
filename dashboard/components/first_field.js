// Inside a dialog that asks for a reason: whoever opened it by a key goes on by the keys. Its first box of text has the
// focus, and while the dialog stands no single letter is one of the page's shortcuts: the reason "a threat", typed
// beside the box, would turn a hiding into an allowing.

const PAUSE = 50 // ms
const PATIENCE = 60 // looks: the box comes after this, and the dialog takes the focus to itself when it opens

const editable = (node) => Boolean(node) && (node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName))

export default function (component) {
  const root = component.parentElement.getRootNode()
  const dialog = (root.host ?? component.parentElement).closest('[role="dialog"]')
  if (!dialog) return undefined
  const keep = (event) => {
    if (event.key?.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return
    if (!editable(event.composedPath()[0])) event.stopImmediatePropagation()
  }
  window.addEventListener("keydown", keep, true)
  let looks = 0
  const timer = setInterval(() => {
    const field = dialog.querySelector("textarea")
    const busy = dialog.contains(document.activeElement) && editable(document.activeElement)
    if (busy || ++looks > PATIENCE) clearInterval(timer)
    else field?.focus()
  }, PAUSE)
  return () => {
    clearInterval(timer)
    window.removeEventListener("keydown", keep, true)
  }
}
