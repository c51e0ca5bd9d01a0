import { isUtf8 } from 'node:buffer'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readUtf8 } from './utf8.ts'

/** The platform's strict decoder; `ignoreBOM: true` keeps a byte order mark, as we do. */
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function oracle(bytes: Uint8Array): string | null {
  return isUtf8(bytes) ? strict.decode(bytes) : null
}

function read(bytes: Uint8Array): string | null {
  return readUtf8(bytes, 0, bytes.length)
}

test('every one of the 65,536 two-byte sequences reads as the platform reads it', () => {
  const wrong: string[] = []
  for (let pair = 0; pair < 0x10000; pair += 1) {
    const bytes = Uint8Array.of(pair >> 8, pair & 0xff)
    if (read(bytes) !== oracle(bytes)) wrong.push(pair.toString(16))
  }
  expect(wrong).toEqual([])
})

test('sequences at the edges of three and four bytes read as the platform reads them', () => {
  const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff]
  const wrong: number[][] = []
  for (let first = 0xe0; first <= 0xff; first += 1) {
    for (const second of edges) {
      for (const third of edges) {
        for (const bytes of [[first, second, third], ...edges.map((it) => [first, second, third, it])]) {
          if (read(Uint8Array.from(bytes)) !== oracle(Uint8Array.from(bytes))) wrong.push(bytes)
        }
      }
    }
  }
  expect(wrong).toEqual([])
})

test('random bytes and mutated text read as the platform reads them', () => {
  const mutated = fc
    .tuple(fc.string({ unit: 'binary', maxLength: 40 }), fc.nat(), fc.nat(255))
    .map(([text, at, byte]) => {
      const bytes = new TextEncoder().encode(text)
      if (bytes.length > 0) bytes[at % bytes.length] = byte
      return bytes
    })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 12 }), mutated), (bytes) => {
      expect(read(bytes)).toBe(oracle(bytes))
    }),
    { numRuns: 300 },
  )
})

test('the platform decoder that throws on malformed text agrees on what is malformed', () => {
  for (const bytes of [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0x80]]) {
    expect(read(Uint8Array.from(bytes))).toBe(null)
    expect(() => strict.decode(Uint8Array.from(bytes))).toThrow(TypeError)
  }
})

test('a byte order mark is kept, so that texts with and without it stay two texts', () => {
  expect(read(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa')
})

test('a sequence that runs over the given end is cut, even when the bytes go on', () => {
  const bytes = new TextEncoder().encode('aé')
  expect(readUtf8(bytes, 0, 2)).toBe(null)
  expect(readUtf8(bytes, 1, 3)).toBe('é')
})

test('a long text passes the chunk border unharmed', () => {
  const text = 'a'.repeat(4_095) + '😀'.repeat(5_000) + 'é'
  expect(read(new TextEncoder().encode(text))).toBe(text)
})
