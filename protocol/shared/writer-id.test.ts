import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { writerClientId } from './index.ts'

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()
const coop = new Uint8Array(32).fill(1)
const admission = new Uint8Array(32).fill(2)

describe('the clientID of a writer session', () => {
  it('is the first 44 bits of the hash and nine set bits', () => {
    const input = Buffer.concat([
      Buffer.from('coopmesh/writer/1\0'),
      coop,
      admission,
      Buffer.from([0, 0, 1, 2]),
      Buffer.from('board'),
    ])
    const expected = Number(createHash('sha256').update(input).digest().readBigUInt64BE() >> 20n)
    expect(writerClientId(sha256, coop, admission, 'board', 258)).toBe(expected * 512 + 511)
  })

  it('is the largest safe integer for a hash of ones and 511 for a hash of zeros', () => {
    expect(writerClientId(() => new Uint8Array(32).fill(255), coop, admission, 'board', 0)).toBe(2 ** 53 - 1)
    expect(writerClientId(() => new Uint8Array(32), coop, admission, 'board', 0)).toBe(511)
  })

  it('differs by co-op, admission, document and session', () => {
    const ids = new Set([
      writerClientId(sha256, coop, admission, 'board', 0),
      writerClientId(sha256, admission, admission, 'board', 0),
      writerClientId(sha256, coop, coop, 'board', 0),
      writerClientId(sha256, coop, admission, 'boards', 0),
      writerClientId(sha256, coop, admission, 'board', 2 ** 32 - 1),
    ])
    expect(ids.size).toBe(5)
  })

  it('refuses arguments of another shape', () => {
    expect(() => writerClientId(sha256, coop.slice(1), admission, 'board', 0)).toThrow(RangeError)
    expect(() => writerClientId(sha256, coop, admission, 'bœrd', 0)).toThrow(RangeError)
    expect(() => writerClientId(sha256, coop, admission, 'board', 2 ** 32)).toThrow(RangeError)
  })
})
