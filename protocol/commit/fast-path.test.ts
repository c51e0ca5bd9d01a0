import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { SharedValues, decodeCanonical, encodeCanonical } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import { decodeHeader, encodeHeader, judgeHeader, readHeader } from './header.ts'
import { SEQ_MAX } from './limits.ts'
import { encodeRecord, judgeRecord, readRecord, signCommit } from './record.ts'

const filled = (fill: number, length = 32): Uint8Array => new Uint8Array(length).fill(fill)
const signer = nodeSigner(filled(4))
const seen = [
  { device: filled(1), seq: 3, id: filled(5) },
  { device: filled(9), seq: 0, id: filled(6) },
  { device: filled(9), seq: 0, id: filled(7) },
  { device: filled(9), seq: 300, id: filled(1) },
]
const draft = { coop: filled(1), device: signer.publicKey, epoch: filled(1), timeMs: 1_700_000_000_000 }
const records = [
  signCommit({ ...draft, seq: 0, prev: null, seen: [] }, [], { signer, sha256: nodeCrypto().sha256 }),
  signCommit(
    { ...draft, seq: 70_000, prev: filled(3), seen },
    [
      { document: 'board/a.b_c-9', entries: 24, payload: filled(1, 300) },
      { document: 'catalogue', entries: 4_096, payload: filled(0, 0) },
    ],
    { signer, sha256: nodeCrypto().sha256 },
  ),
]

/** Values that a field may take instead: other kinds, and the borders of the right one. */
const odd: fc.Arbitrary<Value> = fc.constantFrom<Value[]>(
  null,
  true,
  -1,
  0,
  1,
  23,
  24,
  SEQ_MAX,
  SEQ_MAX + 1,
  Number.MAX_SAFE_INTEGER,
  4_096,
  4_097,
  262_144,
  262_145,
  '',
  'a',
  'board/x',
  'board/ä',
  'Board',
  filled(2),
  filled(255),
  filled(1, 31),
  filled(1, 33),
  filled(1, 64),
  filled(1, 0),
  [],
  [null],
  {},
)

const headers = records.map((it) => it.headerBytes)

/** Bytes near `samples`: some flipped, cut or added, or one value inside replaced by an odd one. */
function near(samples: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const sample = fc.constantFrom(...samples)
  const flips = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 })
  return fc.oneof(
    fc.tuple(sample, flips).map(([bytes, changes]) => {
      const changed = Uint8Array.from(bytes)
      for (const [at, byte] of changes) changed[at % changed.length] = byte
      return changed
    }),
    fc.tuple(sample, fc.array(fc.nat(), { maxLength: 3 }), odd).map(([bytes, path, value]) => {
      const decoded = decodeCanonical(bytes)
      return encodeCanonical(replaced(decoded.ok ? decoded.value : null, path, value))
    }),
    fc.tuple(sample, fc.nat()).map(([bytes, length]) => bytes.slice(0, length % (bytes.length + 1))),
    fc.tuple(sample, fc.nat(255)).map(([bytes, byte]) => Uint8Array.of(...bytes, byte)),
    fc.uint8Array({ maxLength: 400 }),
  )
}

function replaced(value: Value, path: readonly number[], by: Value): Value {
  const [step, ...rest] = path
  if (!Array.isArray(value) || value.length === 0 || step === undefined) return by
  const at = step % value.length
  return value.with(at, replaced(value[at] ?? null, rest, by))
}

test('the straight way takes exactly the headers that the general way takes, to the same value', () => {
  const reached = { taken: 0, refused: 0 }
  const shared = new SharedValues()
  fc.assert(
    fc.property(near(headers), (bytes) => {
      const [fast, general] = [readHeader(bytes), judgeHeader(bytes)]
      expect(fast).toEqual(general.ok ? general.header : null)
      expect(readHeader(bytes, shared)).toEqual(fast)
      expect(decodeHeader(bytes)).toEqual(general)
      if (general.ok) expect(encodeHeader(general.header)).toEqual(bytes)
      reached[general.ok ? 'taken' : 'refused'] += 1
    }),
    { numRuns: 6_000 },
  )
  expect(Math.min(reached.taken, reached.refused)).toBeGreaterThan(500)
})

test('the straight way takes exactly the records that the general way takes, to the same parts', () => {
  const reached = { taken: 0, refused: 0 }
  const bare = records.map((it) =>
    encodeRecord(
      it.headerBytes,
      it.signature,
      it.payloads.map(() => null),
    ),
  )
  fc.assert(
    fc.property(near([...records.map((it) => it.bytes), ...bare]), (bytes) => {
      const [fast, general] = [readRecord(bytes), judgeRecord(bytes)]
      expect(fast).toEqual(typeof general === 'string' ? null : general)
      reached[typeof general === 'string' ? 'refused' : 'taken'] += 1
    }),
    { numRuns: 4_000 },
  )
  expect(Math.min(reached.taken, reached.refused)).toBeGreaterThan(300)
})

test('both ways give plain bytes, also from a Buffer', () => {
  for (const bytes of headers) {
    const header = readHeader(Buffer.from(bytes))
    expect(header?.device.constructor).toBe(Uint8Array)
    expect(header).toEqual(readHeader(bytes))
  }
})
