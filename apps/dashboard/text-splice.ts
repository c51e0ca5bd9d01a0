/** One change of a text: at `at`, `remove` characters go and `insert` comes. UTF-16 units. */
export interface TextSplice {
  at: number
  remove: number
  insert: string
}

/** A change as Yjs reports it for a text. */
export type TextDelta = readonly {
  retain?: number | undefined
  delete?: number | undefined
  insert?: unknown
}[]

/**
 * The smallest single splice that turns `before` into `after`, or null when they are equal. Where several are
 * equally small (a letter typed beside the same letter) `caret`, its place in `after`, decides. A character
 * outside the basic plane is never cut in half: Yjs would turn the halves into U+FFFD.
 */
export function spliceBetween(before: string, after: string, caret?: number): TextSplice | null {
  if (before === after) return null
  const shorter = Math.min(before.length, after.length)
  const prefix = commonPrefix(before, after, shorter)
  const suffix = commonSuffix(before, after, shorter)
  const overlap = Math.max(0, prefix + suffix - shorter)
  const grown = Math.max(0, after.length - before.length)
  const wanted = caret === undefined ? prefix : caret - grown
  let at = Math.min(Math.max(wanted, prefix - overlap), prefix)
  let tail = Math.min(suffix, shorter - at)
  if (at > 0 && isHighSurrogate(before.charCodeAt(at - 1))) at -= 1
  if (tail > 0 && isLowSurrogate(before.charCodeAt(before.length - tail))) tail -= 1
  return { at, remove: before.length - tail - at, insert: after.slice(at, after.length - tail) }
}

/** Where a caret at `index` stands after `delta`. Text that comes in exactly at the caret goes behind it. */
export function moveIndex(index: number, delta: TextDelta): number {
  let at = 0
  let moved = index
  for (const step of delta) {
    if (at >= moved) break
    if (step.retain !== undefined) at += step.retain
    else if (step.delete !== undefined) moved -= Math.min(step.delete, moved - at)
    else if (typeof step.insert === 'string') {
      moved += step.insert.length
      at += step.insert.length
    }
  }
  return moved
}

/** Splits a long text into pieces of at most `unitsMax` UTF-16 units (2 or more), never inside a character. */
export function splitText(text: string, unitsMax: number): string[] {
  const pieces: string[] = []
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + unitsMax, text.length)
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end -= 1
    pieces.push(text.slice(start, end))
    start = end
  }
  return pieces
}

function commonPrefix(a: string, b: string, max: number): number {
  let length = 0
  while (length < max && a.charCodeAt(length) === b.charCodeAt(length)) length += 1
  return length
}

function commonSuffix(a: string, b: string, max: number): number {
  let length = 0
  while (length < max && a.charCodeAt(a.length - 1 - length) === b.charCodeAt(b.length - 1 - length)) {
    length += 1
  }
  return length
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}
