import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import * as Y from 'yjs'
import type { Json } from './board-document.ts'
import {
  TEXT_PIECE_UNITS_MAX,
  boardNameFrom,
  carryOver,
  fieldsOf,
  isBoardName,
  isSameJson,
  listOf,
  viewBoard,
  writeText,
} from './board-document.ts'
import { valueFrom, valueText } from './board-value.ts'

const text = fc
  .array(fc.constantFrom('a', 'b', 'c', '😀'), { maxLength: 10 })
  .map((letters) => letters.join(''))
const json = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>

type Edit =
  | { kind: 'text'; text: string }
  | { kind: 'set'; key: string; value: Json }
  | { kind: 'delete'; key: string }
  | { kind: 'push'; list: string; value: Json }
  | { kind: 'take'; list: string }

const key = fc.constantFrom('price', 'hours', 'note')
const list = fc.constantFrom('tasks', 'stock')
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), text }),
  fc.record({ kind: fc.constant('set' as const), key, value: json }),
  fc.record({ kind: fc.constant('delete' as const), key }),
  fc.record({ kind: fc.constant('push' as const), list, value: json }),
  fc.record({ kind: fc.constant('take' as const), list }),
)

function apply(doc: Y.Doc, edits: readonly Edit[]): void {
  for (const edit of edits) {
    if (edit.kind === 'text') writeText(doc, edit.text)
    else if (edit.kind === 'set') fieldsOf(doc).set(edit.key, edit.value)
    else if (edit.kind === 'delete') fieldsOf(doc).delete(edit.key)
    else if (edit.kind === 'push') listOf(doc, edit.list).push([edit.value])
    else if (listOf(doc, edit.list).length > 0) listOf(doc, edit.list).delete(0, 1)
  }
}

describe('writing a text', () => {
  it('makes the shared text equal the new one', () => {
    fc.assert(
      fc.property(text, text, fc.nat(20), (before, after, caret) => {
        const doc = new Y.Doc()
        writeText(doc, before)
        writeText(doc, after, caret)
        expect(viewBoard(doc).text).toBe(after)
      }),
    )
  })

  it('replaces broken halves of characters, which Yjs could not store', () => {
    const doc = new Y.Doc()
    writeText(doc, 'a\ud83d')
    expect(viewBoard(doc).text).toBe('a\ufffd')
  })

  it('splits a paste beyond the limit into updates that a node takes', () => {
    const doc = new Y.Doc()
    const sizes: number[] = []
    doc.on('update', (update: Uint8Array) => sizes.push(update.length))
    writeText(doc, '€'.repeat(TEXT_PIECE_UNITS_MAX * 2 + 1))
    expect(sizes).toHaveLength(3)
    expect(Math.max(...sizes)).toBeLessThan(256 * 1024)
    expect(viewBoard(doc).text.length).toBe(TEXT_PIECE_UNITS_MAX * 2 + 1)
  })
})

describe('unsaved edits', () => {
  it('move to a new session together with what others wrote meanwhile', () => {
    fc.assert(
      fc.property(fc.array(edit), fc.array(edit), fc.array(edit), (shared, mine, theirs) => {
        const page = new Y.Doc()
        const node = new Y.Doc()
        apply(page, shared)
        Y.applyUpdate(node, Y.encodeStateAsUpdate(page))
        apply(page, mine)
        apply(node, theirs)
        const fresh = new Y.Doc()
        Y.applyUpdate(fresh, Y.encodeStateAsUpdate(node))
        Y.applyUpdate(page, Y.encodeStateAsUpdate(fresh))
        carryOver(page, fresh)
        expect(isSameJson(viewBoard(fresh) as never, viewBoard(page) as never)).toBe(true)
      }),
    )
  })

  it('are not written twice when they were saved and only the answer was lost', () => {
    fc.assert(
      fc.property(fc.array(edit), (mine) => {
        const page = new Y.Doc()
        apply(page, mine)
        const fresh = new Y.Doc()
        Y.applyUpdate(fresh, Y.encodeStateAsUpdate(page))
        let edits = 0
        fresh.on('update', () => (edits += 1))
        carryOver(page, fresh)
        expect(edits).toBe(0)
      }),
    )
  })
})

describe('a board name', () => {
  it('is made of what a person types', () => {
    expect(boardNameFrom('Market Day Menu')).toBe('market-day-menu')
    expect(boardNameFrom('  Café & Crêpes ')).toBe('cafe-crepes')
    expect(boardNameFrom('🎪')).toBe('')
  })

  it('is valid or empty, whatever is typed, up to the longest', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (typed) => {
        const name = boardNameFrom(typed)
        expect(name === '' || isBoardName(name)).toBe(true)
      }),
    )
    expect(boardNameFrom('x'.repeat(64))).toHaveLength(63)
  })
})

describe('a value', () => {
  it('survives being shown and saved again', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(isSameJson(valueFrom(valueText(value), value), JSON.parse(JSON.stringify(value)))).toBe(true)
      }),
    )
  })

  it('stays text when text was typed over text', () => {
    expect(valueFrom('4.50', undefined)).toBe('4.50')
    expect(valueFrom('4.50', 'x')).toBe('4.50')
    expect(valueFrom('4.50', 3)).toBe(4.5)
    expect(valueFrom('about 4', 3)).toBe('about 4')
  })
})
