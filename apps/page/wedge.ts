/** One key as the browser reports it. */
export interface Key {
  /** What the layout of the computer makes of it. */
  key: string
  /** Which key it is on the board: `KeyZ`, `Semicolon`. */
  code: string
  isShift: boolean
}

/** Two keys of a scanner are never further apart; measured ones send every 1 to 20 ms, people type every 80 or more. */
export const BURST_GAP_MS = 60

/** Fewer characters than this before Enter are a person's. A guess: the shortest text that scanners send us has 16. */
const BURST_LENGTH_MIN = 12

/** Characters of a burst; the longest real text has 323. What is longer is cut, and the node says what it is. */
const BURST_LENGTH_MAX = 4_000

/** What a key means for the burst under way. */
export type WedgeStep =
  /** Not part of a burst. */
  | { kind: 'none' }
  /** Part of one, or its first key: nobody else should act on it. */
  | { kind: 'taken' }
  /** Its end: what was scanned, and what stands in a field that had the focus. */
  | { kind: 'scanned'; text: string; typed: string }

/**
 * Tells the keys of a scanner that types (a keyboard wedge) from those of a person. A scanner thinks that the computer has
 * an American layout; where it has another, `:` arrives as `Ö` or so, and the keys' places on the board tell what was meant.
 */
export class Wedge {
  #typed = ''
  #american = ''
  #lastMs = Number.NEGATIVE_INFINITY

  /** @param nowMs - when the key went down */
  handle({ key, code, isShift }: Key, nowMs: number): WedgeStep {
    if (key === 'Shift' || key === 'CapsLock') return { kind: 'none' }
    if (nowMs - this.#lastMs > BURST_GAP_MS) this.#clear()
    const isEnd = key === 'Enter' || key === 'Tab'
    if (isEnd) {
      const [text, typed] = [this.#text(), this.#typed]
      this.#clear()
      return text === null ? { kind: 'none' } : { kind: 'scanned', text, typed }
    }
    if (key.length !== 1 && key !== 'Dead') {
      this.#clear()
      return { kind: 'none' }
    }
    const isFirst = this.#typed === ''
    this.#lastMs = nowMs
    if (this.#typed.length < BURST_LENGTH_MAX) {
      this.#typed += key.length === 1 ? key : ' '
      this.#american += americanOf(code, isShift) ?? (key.length === 1 ? key : ' ')
    }
    return isFirst && key === ' ' ? { kind: 'none' } : { kind: 'taken' }
  }

  #text(): string | null {
    if (this.#typed.length < BURST_LENGTH_MIN) return null
    // Caps Lock turns a scanner's capitals into small letters, and tickets have none.
    const typed = this.#typed.toUpperCase()
    const american = this.#american.toUpperCase()
    const isOurs = (it: string): boolean => PREFIXES.some((prefix) => it.startsWith(prefix))
    return !isOurs(typed) && isOurs(american) ? american : typed
  }

  #clear(): void {
    this.#typed = ''
    this.#american = ''
    this.#lastMs = Number.NEGATIVE_INFINITY
  }
}

/** Of tickets, and of the keys of phones. */
const PREFIXES = ['CT:', 'CK:'] as const

/** Keys of an American board whose characters stand in a ticket, plain and with Shift. */
const AMERICAN: Readonly<Record<string, readonly [string, string]>> = {
  Digit1: ['1', '!'],
  Digit2: ['2', '@'],
  Digit3: ['3', '#'],
  Digit4: ['4', '$'],
  Digit5: ['5', '%'],
  Digit6: ['6', '^'],
  Digit7: ['7', '&'],
  Digit8: ['8', '*'],
  Digit9: ['9', '('],
  Digit0: ['0', ')'],
  Minus: ['-', '_'],
  Equal: ['=', '+'],
  Period: ['.', '>'],
  Slash: ['/', '?'],
  Semicolon: [';', ':'],
  Space: [' ', ' '],
  NumpadAdd: ['+', '+'],
  NumpadSubtract: ['-', '-'],
  NumpadMultiply: ['*', '*'],
  NumpadDivide: ['/', '/'],
}

function americanOf(code: string, isShift: boolean): string | null {
  if (/^Key[A-Z]$/.test(code)) return code.slice(3)
  return AMERICAN[code]?.[isShift ? 1 : 0] ?? null
}
