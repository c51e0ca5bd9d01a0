import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import * as Y from 'yjs'
import { moveIndex, spliceBetween, splitText } from './text-splice.ts'

/** Few letters, so that repeats and ambiguous splices are common; one character needs two units. */
const text = fc
  .array(fc.constantFrom('a', 'b', '\n', '😀', '😁', 'é'), { maxLength: 12 })
  .map((l) => l.join(''))

describe('a splice', () => {
  it('turns the one text into the other, wherever the caret stands', () => {
    fc.assert(
      fc.property(text, text, fc.option(fc.nat(24), { nil: undefined }), (before, after, caret) => {
        const splice = spliceBetween(before, after, caret)
        const { at, remove, insert } = splice ?? { at: 0, remove: 0, insert: '' }
        expect(splice === null).toBe(before === after)
        expect(before.slice(0, at) + insert + before.slice(at + remove)).toBe(after)
        expect(insert.isWellFormed()).toBe(true)
        expect(before.slice(at, at + remove).isWellFormed()).toBe(true)
      }),
    )
  })

  it('is no larger with a caret than without', () => {
    const ascii = fc.array(fc.constantFrom('a', 'b'), { maxLength: 12 }).map((letters) => letters.join(''))
    fc.assert(
      fc.property(ascii, ascii, fc.nat(12), (before, after, caret) => {
        const size = (splice: ReturnType<typeof spliceBetween>): number =>
          splice === null ? 0 : splice.remove + splice.insert.length
        expect(size(spliceBetween(before, after, caret))).toBe(size(spliceBetween(before, after)))
      }),
    )
  })

  it('stands where the caret was when a letter is typed beside the same letter', () => {
    expect(spliceBetween('aaaa', 'aaaaa', 3)).toEqual({ at: 2, remove: 0, insert: 'a' })
    expect(spliceBetween('aaaa', 'aaa', 1)).toEqual({ at: 1, remove: 1, insert: '' })
    expect(spliceBetween('aaaa', 'aaa', 0)).toEqual({ at: 0, remove: 1, insert: '' })
  })

  it('replaces whole characters where only half of one differs', () => {
    expect(spliceBetween('x😀y', 'x😁y')).toEqual({ at: 1, remove: 2, insert: '😁' })
  })
})

describe('a caret', () => {
  it('keeps the text before it when others write', () => {
    fc.assert(
      fc.property(text, text, fc.nat(24), (before, after, wanted) => {
        const doc = new Y.Doc()
        const shared = doc.getText('text')
        shared.insert(0, before)
        const caret = Math.min(wanted, before.length)
        let moved = caret
        shared.observe((event) => (moved = moveIndex(caret, event.delta)))
        const splice = spliceBetween(before, after)
        if (splice === null) return
        doc.transact(() => {
          shared.delete(splice.at, splice.remove)
          shared.insert(splice.at, splice.insert)
        })
        expect(moved).toBeGreaterThanOrEqual(0)
        expect(moved).toBeLessThanOrEqual(after.length)
        if (caret <= splice.at) expect(moved).toBe(caret)
        if (caret > splice.at + splice.remove) expect(after.slice(moved)).toBe(before.slice(caret))
      }),
    )
  })
})

describe('pieces of a long text', () => {
  it('join to the text, are within the limit and never cut a character', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 5 }), (whole, unitsMax) => {
        const pieces = splitText(whole, unitsMax)
        expect(pieces.join('')).toBe(whole)
        for (const piece of pieces) {
          expect(piece.length).toBeLessThanOrEqual(unitsMax)
          expect(piece.isWellFormed()).toBe(true)
        }
      }),
    )
  })
})
