import type * as Y from 'yjs'
import { textOf, writeText } from './board-document.ts'
import { moveIndex, spliceBetween } from './text-splice.ts'
import type { TextDelta } from './text-splice.ts'

/**
 * Keeps a text area and a board's text equal until the returned function is called. The caret and selection
 * stay at the characters where they were when others write. While an input method composes a character, what
 * others write waits.
 */
export function bindText(area: HTMLTextAreaElement, doc: Y.Doc): () => void {
  const text = textOf(doc)
  let isComposing = false
  let composedFrom = ''
  let waiting: TextDelta[] = []

  const show = (deltas: readonly TextDelta[]): void => {
    const move = (index: number): number => deltas.reduce((at, delta) => moveIndex(at, delta), index)
    const { selectionStart, selectionEnd, selectionDirection, scrollTop } = area
    area.value = text.toJSON()
    // Safari moves the focus into a field whose selection is set.
    if (area.ownerDocument.activeElement === area) {
      area.setSelectionRange(move(selectionStart), move(selectionEnd), selectionDirection)
    }
    area.scrollTop = scrollTop
  }
  const onRemote = (event: Y.YTextEvent, transaction: Y.Transaction): void => {
    if (transaction.local) return
    if (isComposing) waiting.push(event.delta)
    else show([event.delta])
  }
  const onInput = (): void => {
    if (!isComposing) writeText(doc, area.value, area.selectionEnd)
  }
  const onCompositionStart = (): void => {
    isComposing = true
    composedFrom = area.value
  }
  const onCompositionEnd = (): void => {
    isComposing = false
    const splice = spliceBetween(composedFrom, area.value.toWellFormed(), area.selectionEnd)
    const deltas = waiting
    waiting = []
    if (splice === null) return show(deltas)
    const move = (index: number): number => deltas.reduce((at, delta) => moveIndex(at, delta), index)
    const now = text.toJSON()
    const start = move(splice.at)
    writeText(doc, now.slice(0, start) + splice.insert + now.slice(move(splice.at + splice.remove)))
    if (deltas.length > 0) show(deltas)
  }

  const shown = area.value
  const change = spliceBetween(shown, text.toJSON())
  if (change !== null) {
    show([[{ retain: change.at }, { delete: change.remove }, { insert: change.insert }]])
  }
  text.observe(onRemote)
  area.addEventListener('input', onInput)
  area.addEventListener('compositionstart', onCompositionStart)
  area.addEventListener('compositionend', onCompositionEnd)
  return () => {
    text.unobserve(onRemote)
    area.removeEventListener('input', onInput)
    area.removeEventListener('compositionstart', onCompositionStart)
    area.removeEventListener('compositionend', onCompositionEnd)
  }
}
