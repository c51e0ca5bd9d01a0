import { expect, test } from 'vitest'
import type { DocumentKind, DocumentState } from './kind.ts'
import { DocumentRegistry } from './registry.ts'

const state: DocumentState = {
  check: () => ({ ok: false, refusal: 'never', detail: '' }),
  stateHash: () => new Uint8Array(32),
}
const kind = (name: string, isNamed: boolean): DocumentKind => {
  return { name, isNamed, isAlwaysSent: false, open: () => state }
}

test('an id finds its kind by the part before the slash, and only in the form that the kind has', () => {
  const single = kind('authority', false)
  const named = kind('board', true)
  const registry = new DocumentRegistry([single, named])
  expect(registry.kindOf('authority')).toBe(single)
  expect(registry.kindOf('board/wall')).toBe(named)
  for (const id of ['authority/x', 'board', 'event/late', 'Board/a', '', 'toString', '__proto__'])
    expect(registry.kindOf(id)).toBe(null)
})
