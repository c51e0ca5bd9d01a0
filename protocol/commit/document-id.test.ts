import { expect, test } from 'vitest'
import { DOCUMENT_ID_LENGTH_MAX, isDocumentId } from './document-id.ts'

test('a document id is a kind, or a kind and a name', () => {
  const good = [
    'authority',
    'a',
    'board/a',
    'board/9.x_y-z',
    'k'.repeat(16),
    `${'k'.repeat(16)}/${'n'.repeat(63)}`,
  ]
  for (const id of good) expect(isDocumentId(id), id).toBe(true)
  expect(good.at(-1)?.length).toBe(DOCUMENT_ID_LENGTH_MAX)
})

test('anything else is none', () => {
  const bad = ['', 'Board', 'board/', '/a', 'board/A', 'board/.a', 'board/-a', 'board/a/b', 'board/ä', 'b1']
  bad.push('k'.repeat(17), `k/${'n'.repeat(64)}`, 'board/a\n', ' board', 'board/..', 'board/a b', 'board//a')
  for (const id of bad) expect(isDocumentId(id), id).toBe(false)
  for (const value of [null, undefined, 1, [], {}, ['board'], new Uint8Array(5)])
    expect(isDocumentId(value)).toBe(false)
})
