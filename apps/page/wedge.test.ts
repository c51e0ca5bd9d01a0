import { describe, expect, test } from 'vitest'
import { BURST_GAP_MS, Wedge } from './wedge.ts'
import type { Key, WedgeStep } from './wedge.ts'

const TEXT = 'CT:7ZY-8/+*$% .0'

/** What a scanner types, on a computer that takes `map` for what stands on the keys. */
function keysOf(text: string, map: Readonly<Record<string, string>> = {}): Key[] {
  const places: Readonly<Record<string, [string, boolean]>> = {
    ':': ['Semicolon', true],
    '+': ['Equal', true],
    '*': ['Digit8', true],
    $: ['Digit4', true],
    '%': ['Digit5', true],
    ' ': ['Space', false],
    '.': ['Period', false],
    '-': ['Minus', false],
    '/': ['Slash', false],
  }
  return Array.from(text, (it) => {
    const [code, isShift] = places[it] ?? (/\d/.test(it) ? [`Digit${it}`, false] : [`Key${it}`, true])
    return { key: map[it] ?? it, code, isShift }
  })
}

function type(wedge: Wedge, keys: readonly Key[], gapMs: number, end = 'Enter'): WedgeStep {
  let nowMs = 0
  for (const key of keys) wedge.handle(key, (nowMs += gapMs))
  return wedge.handle({ key: end, code: end, isShift: false }, nowMs + gapMs)
}

describe('a scanner that types', () => {
  test('a burst that ends in Enter or Tab is a scan', () => {
    for (const end of ['Enter', 'Tab'])
      expect(type(new Wedge(), keysOf(TEXT), 5, end)).toMatchObject({ kind: 'scanned', text: TEXT })
  })

  test('what a person types is not, however long', () => {
    expect(type(new Wedge(), keysOf(TEXT), BURST_GAP_MS + 1)).toEqual({ kind: 'none' })
    expect(type(new Wedge(), keysOf('YES'), 5)).toEqual({ kind: 'none' })
  })

  test('on a German board and with Caps Lock on it is the same scan', () => {
    const german = { ':': 'Ö', '-': 'ß', '/': '-', Y: 'Z', Z: 'Y', '+': '`', '*': '(', $: '$', '%': '%' }
    expect(type(new Wedge(), keysOf(TEXT, german), 5)).toMatchObject({ kind: 'scanned', text: TEXT })
    const small = keysOf(TEXT).map((it) => ({ ...it, key: it.key.toLowerCase() }))
    expect(type(new Wedge(), small, 5)).toMatchObject({ kind: 'scanned', text: TEXT })
  })

  test('a lone space or Enter is left to what has the focus', () => {
    const wedge = new Wedge()
    expect(wedge.handle({ key: ' ', code: 'Space', isShift: false }, 0)).toEqual({ kind: 'none' })
    expect(wedge.handle({ key: 'Enter', code: 'Enter', isShift: false }, 500)).toEqual({ kind: 'none' })
  })
})
