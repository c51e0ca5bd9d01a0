import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeCanonical } from '../encoding/index.ts'
import { definitionToMap, unitIdOf } from '../ledger/unit.ts'
import { deskCrypto } from '../../test/actors/ticket-desk.ts'
import { deviceTag, idTag, isEventId } from './id-tag.ts'

const hash16 = fc.uint8Array({ minLength: 16, maxLength: 16 })

/** 26 letters of the 16 bytes, with the two bits of nothing in front. */
function letters(hash: Uint8Array): string {
  let bits = 0n
  for (const byte of hash) bits = (bits << 8n) | BigInt(byte)
  return Array.from(
    { length: 26 },
    (_, i) => 'abcdefghijklmnopqrstuvwxyz234567'[Number((bits >> BigInt(5 * (25 - i))) & 31n)],
  ).join('')
}

test('a tag is the first bytes of the hash in an id', () => {
  fc.assert(
    fc.property(hash16, fc.constantFrom('event/', 'seat-', 'admission-'), (hash, kind) => {
      expect(idTag(kind + letters(hash))).toEqual(hash.slice(0, 4))
    }),
  )
})

test('the tag of a unit that a device defines', () => {
  const unit = {
    ...{ code: 'GA', kind: 'seat' as const, scale: 0, name: 'General', supply: 10n, relayMax: null },
    ...{ expiresMs: null, nonce: new Uint8Array(16) },
  }
  const device = new Uint8Array(32).fill(5)
  const hash = deskCrypto.sha256(encodeCanonical(['coopmesh unit', device, definitionToMap(unit)]))
  expect(idTag(unitIdOf(device, unit, deskCrypto.sha256))).toEqual(hash.slice(0, 4))
})

test('ids that have no tag', () => {
  const tail = 'a'.repeat(26)
  for (const id of [`event/${tail}`, `seat-${tail}`, `admission-${tail}`])
    expect(idTag(id)).toEqual(new Uint8Array(4))
  for (const id of [
    '',
    `event-${tail}`,
    `stock-${tail}`,
    `seat-i${tail.slice(1)}`,
    `seat-${tail}a`,
    `seat-${tail.slice(1)}`,
    `event/${tail}\n`,
  ])
    expect(() => idTag(id), id).toThrow(RangeError)
  expect([`event/${tail}`, `event/${tail}a`, `seat-${tail}`, 7, null].map(isEventId)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ])
  expect(deviceTag(Uint8Array.from({ length: 32 }, (_, i) => i))).toEqual(Uint8Array.of(0, 1, 2, 3))
})
