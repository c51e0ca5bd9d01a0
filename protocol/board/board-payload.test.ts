import { expect, test } from 'vitest'
import { encodeCanonical } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import { SESSION_MAX, decodeBoardPayload, encodeBoardPayload } from './board-payload.ts'

test('a payload is a session of 32 bits and an update', () => {
  for (const session of [0, 1, SESSION_MAX]) {
    const payload = { session, update: Uint8Array.of(0, 0) }
    expect(decodeBoardPayload(encodeBoardPayload(payload))).toEqual(payload)
  }
})

test('anything else is none', () => {
  const update = Uint8Array.of(0, 0)
  const bad: Value[] = [
    null,
    {},
    [],
    [1],
    [1, update, 1],
    [-1, update],
    [SESSION_MAX + 1, update],
    ['1', update],
    [1, 'u'],
  ]
  for (const value of bad) expect(decodeBoardPayload(encodeCanonical(value))).toBe(null)
  for (const bytes of [new Uint8Array(), Uint8Array.of(0x82, 0x18, 0x01, 0x40)])
    expect(decodeBoardPayload(bytes)).toBe(null)
})
