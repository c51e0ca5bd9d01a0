import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import * as Y from 'yjs'
import type { Json } from './board-document.ts'
import {
  TEXT_PIECE_UNITS_MAX,
  boardNameFrom,
  fieldsOf,
  isBoardName,
  isSameJson,
  listOf,
  moveEdits,
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

function copyOf(doc: Y.Doc): Y.Doc {
  const copy = new Y.Doc()
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc))
  return copy
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
        const told = copyOf(page)
        apply(page, mine)
        apply(node, theirs)
        const fresh = copyOf(node)
        moveEdits(told, page, fresh)
        expect(isSameJson(viewBoard(fresh) as never, viewBoard(page) as never)).toBe(true)
      }),
    )
  })

  it('are not written twice when they were saved and only the answer was lost', () => {
    fc.assert(
      fc.property(fc.array(edit), (mine) => {
        const page = new Y.Doc()
        apply(page, mine)
        const fresh = copyOf(page)
        let edits = 0
        fresh.on('update', () => (edits += 1))
        moveEdits(new Y.Doc(), page, fresh)
        expect(edits).toBe(0)
      }),
    )
  })

  it('are written again where they stood when the board was made anew under other names', () => {
    const told = new Y.Doc()
    writeText(told, 'menu: soup')
    listOf(told, 'tasks').push(['sweep', 'wash'])
    fieldsOf(told).set('price', 3)
    const page = copyOf(told)
    writeText(page, 'menu: hot soup')
    listOf(page, 'tasks').insert(1, ['cook'])
    fieldsOf(page).set('hours', '18-22')
    fieldsOf(page).delete('price')
    const fresh = new Y.Doc()
    writeText(fresh, 'menu: soup, pie')
    listOf(fresh, 'tasks').push(['sweep', 'wash', 'shop'])
    fieldsOf(fresh).set('price', 3)
    moveEdits(told, page, fresh)
    expect(viewBoard(fresh)).toEqual({
      text: 'menu: hot soup, pie',
      fields: [{ key: 'hours', value: '18-22' }],
      lists: [{ name: 'tasks', items: ['sweep', 'cook', 'wash', 'shop'] }],
    })
  })

  it('are written again when part of the board is hidden, and what is hidden is not', () => {
    const told = new Y.Doc()
    writeText(told, 'menu')
    const fresh = copyOf(told)
    writeText(told, 'menu of a copy')
    const page = copyOf(told)
    writeText(page, 'the menu of a copy')
    moveEdits(told, page, fresh)
    expect(viewBoard(fresh).text).toBe('the menu')
  })

  it('what was typed is never lost when a board is made anew, and without edits nothing is', () => {
    fc.assert(
      fc.property(fc.array(edit), fc.array(edit), fc.array(edit), (shared, other, theirs) => {
        const told = new Y.Doc()
        apply(told, shared)
        const page = copyOf(told)
        const fresh = new Y.Doc()
        apply(fresh, [...other, ...theirs])
        const expected = viewBoard(fresh)
        moveEdits(copyOf(told), page, fresh)
        expect(viewBoard(fresh)).toEqual(expected)
        listOf(page, 'tasks').insert(0, ['typed'])
        writeText(page, `typed ${viewBoard(page).text}`)
        moveEdits(copyOf(told), page, fresh)
        expect(viewBoard(fresh).text).toContain('typed ')
        expect(viewBoard(fresh).lists.find((it) => it.name === 'tasks')?.items).toContain('typed')
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
