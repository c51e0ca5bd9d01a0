import { expect, test } from 'vitest'
import { toHex } from '#protocol/encoding'
import { History } from '#protocol/history'
import { CoopError } from '#node/errors'
import { COMMIT_PREFIX_DIGITS_MIN, findCommit } from './commit-lookup.ts'

/** Commit ids of a history: the second and third share 9 hexadecimal digits. */
const IDS = [
  Uint8Array.from({ length: 32 }, () => 1),
  Uint8Array.from({ length: 32 }, (_, i) => (i < 4 ? 0xab : i === 4 ? 0xc1 : 1)),
  Uint8Array.from({ length: 32 }, (_, i) => (i < 4 ? 0xab : i === 4 ? 0xc2 : 1)),
]
const history = new History(0)
for (const [seq, id] of IDS.entries())
  history.add({ device: new Uint8Array(32).fill(9), seq, id, prev: seq - 1, seen: [] })

function errorOf(text: string, of: History = history): CoopError {
  try {
    findCommit(of, text)
  } catch (cause) {
    if (cause instanceof CoopError) return cause
    throw cause
  }
  throw new Error(`found '${text}'`)
}

test('a commit is found by its whole id and by 8 or more of its first digits, in either case', () => {
  expect(COMMIT_PREFIX_DIGITS_MIN).toBe(8)
  expect(IDS.map((id) => findCommit(history, toHex(id)))).toEqual([0, 1, 2])
  for (const digits of [8, 9, 63]) expect(findCommit(history, '01'.repeat(32).slice(0, digits))).toBe(0)
  expect(findCommit(history, 'ABABABABC1')).toBe(1)
})

test('commit-ambiguous: a prefix of several commits names them', () => {
  for (const prefix of ['abababab', 'ababababc']) {
    const error = errorOf(prefix)
    expect([error.code, error.next]).toEqual(['commit-ambiguous', 'Give more digits.'])
    expect(error.message).toContain(toHex(IDS[1] ?? new Uint8Array()))
    expect(error.message).toContain(toHex(IDS[2] ?? new Uint8Array()))
  }
  expect(findCommit(history, 'ababababc2')).toBe(2)
})

test('of many commits that begin alike the first four are named', () => {
  const alike = new History(0)
  const ids = Array.from({ length: 6 }, (_, i) => new Uint8Array(32).fill(3).with(31, i))
  for (const [seq, id] of ids.entries())
    alike.add({ device: new Uint8Array(32), seq, id, prev: seq - 1, seen: [] })
  const { message } = errorOf('03030303', alike)
  expect(message).toMatch(/^6 commits begin with 03030303: /)
  expect(ids.map((id) => message.includes(toHex(id)))).toEqual([true, true, true, true, false, false])
})

test('commit-unknown: no commit begins so', () => {
  for (const text of ['02'.repeat(4), '010101012', '01'.repeat(31) + '02', 'abababab0'])
    expect(errorOf(text).code).toBe('commit-unknown')
})

test('usage: fewer than 8 digits, more than 64, or something else', () => {
  for (const text of ['', '0101010', '01'.repeat(33), '0101010g', '0x01010101', '01010101\n', 'bafyreib'])
    expect(errorOf(text).code).toBe('usage')
})
