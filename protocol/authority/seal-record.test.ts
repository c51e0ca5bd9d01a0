import { expect, test } from 'vitest'
import { encodeCanonical } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import { encodeChange, readChanges } from './change.ts'
import type { Change } from './change.ts'
import {
  CHANGES_MAX,
  FORKS_MAX,
  FRONTIER_MAX,
  LEFT_MAX,
  SEAL_BYTES_MAX,
  STEWARDS_MAX,
  decodeSeal,
  encodeSeal,
} from './seal-record.ts'
import type { SealRecord } from './seal-record.ts'

/** Key number n; keys ascend with their numbers. */
function key(n: number): Uint8Array {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, n)
  return bytes
}

const bare: SealRecord = {
  coop: key(1),
  parent: key(2),
  height: 1,
  ...{ decision: null, frontier: [], forks: [], left: [], changes: null },
}
const list = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))
const row = (i: number): SealRecord['frontier'][number] => ({
  device: key(i),
  seq: 0xffff_ffff,
  commit: key(i),
})
const steward: Change = { kind: 'steward', member: key(1), device: key(2) }

/** The bare record with one field of the list replaced. */
function altered(at: number, value: Value): Uint8Array {
  const fields: Value[] = [1, bare.coop, bare.parent, 1, null, [], [], [], null]
  fields[at] = value
  return encodeCanonical(fields)
}

test('a record decodes to what was encoded, and back to the same bytes', () => {
  const full: SealRecord = {
    ...bare,
    decision: { proposal: key(3), approvals: [key(4), key(5)] },
    frontier: [row(1), row(2)],
    forks: [{ device: key(1), seq: 4 }],
    left: [key(6)],
  }
  for (const record of [bare, full, { ...bare, changes: [steward] }]) {
    expect(decodeSeal(encodeSeal(record))).toEqual(record)
    expect(encodeSeal(decodeSeal(encodeSeal(record)) ?? bare)).toEqual(encodeSeal(record))
  }
})

test('the fullest record fits the limit, and one row more of anything is none', () => {
  const full: SealRecord = {
    ...bare,
    height: 0xffff_ffff,
    decision: { proposal: key(3), approvals: list(STEWARDS_MAX, key) },
    frontier: list(FRONTIER_MAX, row),
    forks: list(FORKS_MAX, (i) => ({ device: key(i), seq: 0xffff_ffff })),
    left: list(LEFT_MAX, key),
  }
  expect(encodeSeal(full).length).toBeLessThan(SEAL_BYTES_MAX)
  expect(decodeSeal(encodeSeal(full))).toEqual(full)
  const more: Partial<SealRecord>[] = [
    { decision: { proposal: key(3), approvals: list(STEWARDS_MAX + 1, key) } },
    { frontier: list(FRONTIER_MAX + 1, row) },
    { forks: list(FORKS_MAX + 1, (i) => ({ device: key(i), seq: 1 })) },
    { left: list(LEFT_MAX + 1, key) },
    { changes: list(CHANGES_MAX + 1, () => steward) },
  ]
  for (const change of more) expect(decodeSeal(encodeSeal({ ...bare, ...change }))).toBe(null)
  expect(decodeSeal(new Uint8Array(SEAL_BYTES_MAX + 1))).toBe(null)
})

test('rows ascend: nothing is written twice or in another order', () => {
  const bad: Partial<SealRecord>[] = [
    { frontier: [row(2), row(1)] },
    { forks: [1, 1].map((i) => ({ device: key(i), seq: 1 })) },
    { forks: [2, 1].map((i) => ({ device: key(i), seq: 1 })) },
    { left: [key(1), key(1)] },
    { decision: { proposal: key(3), approvals: [key(1), key(1)] } },
    { decision: { proposal: key(3), approvals: [key(2), key(1)] } },
  ]
  for (const change of bad) expect(decodeSeal(encodeSeal({ ...bare, ...change }))).toBe(null)
  // Two rows of one device have a refusal of their own.
  expect(decodeSeal(encodeSeal({ ...bare, frontier: [row(1), row(1)] }))).not.toBe(null)
})

test('a recovery makes stewards and says nothing else', () => {
  const alone: Change[] = [steward, { kind: 'demote', member: key(1) }]
  expect(decodeSeal(encodeSeal({ ...bare, changes: alone }))).not.toBe(null)
  const others: Partial<SealRecord>[] = [
    { changes: [{ kind: 'remove', member: key(1) }] },
    { changes: [steward], frontier: [row(1)] },
    { changes: [steward], left: [key(1)] },
    { changes: [steward], forks: [{ device: key(1), seq: 0 }] },
    { changes: [steward], decision: { proposal: key(1), approvals: [] } },
    { changes: [] },
  ]
  for (const change of others) expect(decodeSeal(encodeSeal({ ...bare, ...change }))).toBe(null)
})

test.each<[string, Uint8Array]>([
  ['nothing', new Uint8Array()],
  ['half a record', encodeSeal(bare).subarray(0, 40)],
  ['a map', encodeCanonical({})],
  ['another version', altered(0, 2)],
  ['a co-op of 31 bytes', altered(1, new Uint8Array(31))],
  ['a height below zero', altered(3, -1)],
  ['a field too many', encodeCanonical([1, key(1), key(2), 1, null, [], [], [], null, 0])],
  ['a decision that is a list of one', altered(4, [key(1)])],
  ['a frontier row without a seq', altered(5, [[key(1), key(2)]])],
  ['a frontier that is a map', altered(5, {})],
  ['a fork below zero', altered(6, [[key(1), -1]])],
  ['one that left as text', altered(7, ['x'])],
  ['changes of an unknown kind', altered(8, [['crown', key(1)]])],
])('no record: %s', (_, bytes) => {
  expect(decodeSeal(bytes)).toBe(null)
})

const good: Change[] = [
  { kind: 'remove', member: key(1) },
  { kind: 'close', device: key(1) },
  steward,
  { kind: 'demote', member: key(1) },
  { kind: 'role', member: key(1), role: 'venue', scopes: null },
  { kind: 'role', member: key(1), role: 'venue', scopes: ['event/a', 'event/b'] },
  { kind: 'rules', quorum: 'majority', recovery: 'kits' },
  { kind: 'slots', device: key(1), count: 4_096 },
  { kind: 'lift', commit: key(1) },
  { kind: 'settle', device: key(1), seq: 3, commit: key(2) },
  { kind: 'floor', height: 3 },
]

test.each(good)('a change reads as it was written: $kind', (change) => {
  expect(readChanges([encodeChange(change)], 1)).toEqual([change])
  expect(readChanges([[...encodeChange(change), 0]], 1)).toBe(null)
  expect(readChanges([encodeChange(change).slice(0, -1)], 1)).toBe(null)
})

test.each<[string, Value]>([
  ['a steward by role', ['role', key(1), 'steward', null]],
  ['an unknown role', ['role', key(1), 'owner', null]],
  ['scopes that do not ascend', ['role', key(1), 'venue', ['event/b', 'event/a']]],
  ['a scope that is no event', ['role', key(1), 'venue', ['board/a']]],
  ['33 scopes', ['role', key(1), 'venue', list(33, (i) => `event/${i + 100}`)]],
  ['no slots', ['slots', key(1), 0]],
  ['4,097 slots', ['slots', key(1), 4_097]],
  ['an unknown quorum', ['rules', 'all', 'kits']],
  ['an unknown recovery', ['rules', 'majority', 'none']],
  ['a floor below zero', ['floor', -1]],
  ['no list', 'remove'],
])('no change: %s', (_, value) => {
  expect(readChanges([value], 1)).toBe(null)
})
