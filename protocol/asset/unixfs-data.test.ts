import * as fc from 'fast-check'
import { UnixFS } from 'ipfs-unixfs'
import { describe, expect, test } from 'vitest'
import {
  decodeDirectoryData,
  DIRECTORY_DATA_BYTES_MAX,
  encodeDirectoryData,
  encodeFileData,
  HAMT_FANOUT,
} from './unixfs-data.ts'

const slots = fc
  .uniqueArray(fc.nat(HAMT_FANOUT - 1), { minLength: 1, maxLength: HAMT_FANOUT })
  .map((slots) => slots.toSorted((a, b) => a - b))

test('file data reads back, for sizes of any length', () => {
  const size = fc.integer({ min: 0, max: 53 }).chain((bits) => fc.maxSafeNat().map((n) => n % 2 ** bits))
  fc.assert(
    fc.property(fc.array(size, { maxLength: 5 }), (sizes) => {
      fc.pre(sizes.reduce((sum, size) => sum + size, 0) <= Number.MAX_SAFE_INTEGER)
      const unixfs = UnixFS.unmarshal(encodeFileData(sizes))
      expect(unixfs.type).toBe('file')
      expect(unixfs.blockSizes).toEqual(sizes.map(BigInt))
    }),
  )
})

describe('directory data', () => {
  test('reads back', () => {
    expect(decodeDirectoryData(encodeDirectoryData({ kind: 'flat' }))).toEqual({ kind: 'flat' })
    fc.assert(
      fc.property(slots, (slots) => {
        const data = encodeDirectoryData({ kind: 'shard', slots })
        expect(decodeDirectoryData(data)).toEqual({ kind: 'shard', slots })
      }),
    )
  })

  test('may have mode and mtime behind it, also of 2040', () => {
    const mtimes = [{ secs: 0n }, { secs: 1n, nsecs: 2 }, { secs: -1n }, { secs: 2_208_988_800n, nsecs: 1 }]
    for (const mtime of [undefined, ...mtimes]) {
      for (const mode of [undefined, 0, 0o777]) {
        const options = { ...(mtime && { mtime }), ...(mode !== undefined && { mode }) }
        const data = new UnixFS({ type: 'directory', ...options }).marshal()
        expect(decodeDirectoryData(data)).toEqual({ kind: 'flat' })
      }
    }
  })

  test('may not have anything else behind it', () => {
    const tails = [[0], [0x38], [0x38, 0x80], [0x42], [0x42, 1], [0x42, 0, 0], [0x42, 0, 0x38, 0], [0x08, 2]]
    for (const tail of tails) expect(decodeDirectoryData(Uint8Array.of(0x08, 1, ...tail))).toBe(undefined)
  })

  test(`has at most ${DIRECTORY_DATA_BYTES_MAX} bytes`, () => {
    const ofLength = (bytes: number): Uint8Array => {
      const data = new Uint8Array(bytes)
      data.set([0x08, 1, 0x42, bytes - 4])
      return data
    }
    expect(decodeDirectoryData(ofLength(DIRECTORY_DATA_BYTES_MAX))).toEqual({ kind: 'flat' })
    expect(decodeDirectoryData(ofLength(DIRECTORY_DATA_BYTES_MAX + 1))).toBe(undefined)
  })

  test('is refused and never throws when it is garbage', () => {
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.uint8Array({ maxLength: 60 }).map((tail) => Uint8Array.of(0x08, 5, 0x12, ...tail)),
    )
    fc.assert(
      fc.property(garbage, (data) => {
        const directory = decodeDirectoryData(data)
        if (directory === undefined) return
        const canonical = encodeDirectoryData(directory)
        expect(data.subarray(0, canonical.length)).toEqual(canonical)
      }),
    )
  })
})
