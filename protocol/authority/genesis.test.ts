import { expect, test } from 'vitest'
import { encodeCanonical } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import { NAME_LENGTH_MAX, decodeGenesis, encodeGenesis } from './genesis.ts'
import type { Genesis } from './genesis.ts'

const genesis: Genesis = {
  name: 'North Market',
  kit: new Uint8Array(32).fill(1),
  device: new Uint8Array(32).fill(2),
  memberName: 'Ada',
  deviceName: 'nas',
  quorum: 'two-thirds',
  recovery: 'member-quorum',
  slots: 256,
  nonce: new Uint8Array(16).fill(3),
  timeMs: 1_700_000_000_000,
}

test('a genesis record decodes to what was encoded', () => {
  expect(decodeGenesis(encodeGenesis(genesis))).toEqual(genesis)
  const other: Genesis = { ...genesis, quorum: 'majority', recovery: 'kits', slots: 0 }
  expect(decodeGenesis(encodeGenesis(other))).toEqual(other)
})

test('names have 1 to 64 UTF-16 units', () => {
  for (const field of ['name', 'memberName', 'deviceName']) {
    expect(isRefused({ [field]: 'x'.repeat(NAME_LENGTH_MAX) })).toBe(false)
    for (const value of ['', 'x'.repeat(NAME_LENGTH_MAX + 1), ' x', 'a\nb', 7])
      expect(isRefused({ [field]: value })).toBe(true)
  }
})

test('a record with another version, field, choice or length is none', () => {
  const bad: { [key: string]: Value }[] = [
    { v: 2 },
    { v: '1' },
    { kit: new Uint8Array(31) },
    { device: 'key' },
  ]
  bad.push(
    { quorum: 'all' },
    { recovery: 'none' },
    { slots: -1 },
    { nonce: new Uint8Array(15) },
    { timeMs: null },
  )
  bad.push({ more: 1 })
  for (const change of bad) expect(isRefused(change)).toBe(true)
  expect(decodeGenesis(encodeCanonical({ ...genesis }))).toBe(null) // no version
  for (const value of [null, [], 1]) expect(decodeGenesis(encodeCanonical(value))).toBe(null)
  expect(decodeGenesis(new Uint8Array())).toBe(null)
})

function isRefused(change: { [key: string]: Value }): boolean {
  return decodeGenesis(encodeCanonical({ v: 1, ...genesis, ...change })) === null
}
