import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeCanonical } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import type { HeadRow } from '../replica/index.ts'
import { DECLINED_MAX } from '../replica/index.ts'
import { PAYLOAD_BYTES_MAX } from '../commit/index.ts'
import { DIGEST_BYTES, TAG_BYTES, decodeFrame, encodeFrame, judgeFrame, readCommits } from './frame.ts'
import type { Frame } from './frame.ts'
import {
  BATCH_COMMITS_MAX,
  BRIEF_ROWS_MAX,
  FETCH_MAX,
  FRAME_BYTES_MAX,
  HAVE_MAX,
  ROWS_MAX,
  SYNC_VERSION,
  TAGS_MAX,
  WANTS_MAX,
} from './limits.ts'

const bytes = (length: number, fill = 1): Uint8Array => new Uint8Array(length).fill(fill)
const key = (i: number): Uint8Array => Uint8Array.of(i >> 8, i & 255, ...new Uint8Array(30))

const hello: Frame = {
  kind: 'hello',
  version: SYNC_VERSION,
  coop: bytes(32),
  authority: bytes(32, 2),
  root: bytes(32, 3),
  key: bytes(16),
  forks: bytes(32, 4),
}
const frames: Frame[] = [
  hello,
  { kind: 'digests', round: 1, digests: bytes(256 * DIGEST_BYTES) },
  { kind: 'rows', round: 0, rows: [], isLast: true },
  { kind: 'rows', round: 3, rows: [{ device: bytes(32), length: 2 ** 32, id: bytes(32) }], isLast: false },
  { kind: 'want', request: 1, isUrgentOnly: true, limit: 1, wants: [] },
  {
    kind: 'want',
    request: 2,
    isUrgentOnly: false,
    limit: 2 ** 40,
    wants: [
      { device: bytes(32), to: key(1), have: [] },
      { device: bytes(32), to: key(2), have: [key(3), key(4)] },
    ],
  },
  { kind: 'commits', request: 1, records: [bytes(3), bytes(0)] },
  { kind: 'done', request: 1, isMore: false },
  { kind: 'done', request: 2, isMore: true },
  { kind: 'root', root: bytes(32) },
  { kind: 'decline', documents: [] },
  { kind: 'decline', documents: ['board/a', 'board/b'] },
  { kind: 'fetch', request: 3, document: 'board/a', ids: [key(2), key(1)] },
  { kind: 'payloads', request: 3, payloads: [bytes(3), null, bytes(0)] },
  { kind: 'brief', round: 1, buckets: [] },
  {
    kind: 'brief',
    round: 2,
    buckets: [
      { bucket: 0, tags: bytes(0) },
      { bucket: 255, tags: bytes(2 * TAG_BYTES) },
    ],
  },
  {
    kind: 'brief',
    round: 3,
    buckets: [
      { bucket: 0, rows: [] },
      { bucket: 1, rows: [{ device: bytes(32), length: 2, id: bytes(32) }] },
    ],
  },
  { kind: 'ask', round: 1, tags: bytes(TAG_BYTES) },
  { kind: 'more', request: 1 },
]

function refusal(value: Value): string {
  const result = decodeFrame(encodeCanonical(value))
  return result.ok ? 'ok' : result.refusal
}

test('every kind of frame decodes to what was encoded', () => {
  for (const frame of frames) expect(decodeFrame(encodeFrame(frame))).toEqual({ ok: true, frame })
})

test('mutated frames never throw, and those that decode have one encoding', () => {
  const change = fc.tuple(fc.nat(), fc.nat(255))
  fc.assert(
    fc.property(
      fc.constantFrom(...frames),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      (frame, changes) => {
        const changed = Uint8Array.from(encodeFrame(frame))
        for (const [at, byte] of changes) changed[at % changed.length] = byte
        const result = decodeFrame(changed)
        if (result.ok && (result.frame.kind !== 'hello' || result.frame.version === SYNC_VERSION))
          expect(encodeFrame(result.frame)).toEqual(changed)
      },
    ),
    { numRuns: 500 },
  )
})

test('frames of commits are read straight through exactly as the general way reads them', () => {
  const samples = [
    encodeFrame({ kind: 'commits', request: 24, records: [bytes(3), bytes(0), bytes(300)] }),
    encodeFrame({ kind: 'commits', request: 2 ** 40, records: Array.from({ length: 30 }, () => bytes(1)) }),
  ]
  const change = fc.tuple(fc.nat(), fc.nat(255))
  const reached = { taken: 0, refused: 0 }
  fc.assert(
    fc.property(fc.constantFrom(...samples), fc.array(change, { maxLength: 3 }), (sample, changes) => {
      const changed = Uint8Array.from(sample)
      // Most changes hit the heads, at the beginning.
      for (const [at, byte] of changes) changed[at % (at % 3 === 0 ? changed.length : 16)] = byte
      const [fast, general] = [readCommits(changed), judgeFrame(changed)]
      expect(fast).toEqual(general.ok && general.frame.kind === 'commits' ? general.frame : null)
      reached[fast === null ? 'refused' : 'taken'] += 1
    }),
    { numRuns: 3_000 },
  )
  expect(Math.min(reached.taken, reached.refused)).toBeGreaterThan(300)
  const most = Array.from({ length: BATCH_COMMITS_MAX }, (_, i) => bytes(i % 200))
  const frame = { kind: 'commits', request: 1, records: most } as const
  expect(encodeFrame(frame)).toEqual(encodeCanonical([4, 1, most]))
  expect(readCommits(encodeFrame(frame))).toEqual(frame)
})

test('frames of roots are written and read straight through exactly as the general way does', () => {
  const sample = encodeFrame({ kind: 'root', root: bytes(32) })
  expect(sample).toEqual(encodeCanonical([6, bytes(32)]))
  const reached = { taken: 0, refused: 0 }
  const change = fc.tuple(fc.nat(sample.length - 1), fc.nat(255))
  fc.assert(
    fc.property(fc.array(change, { maxLength: 2 }), fc.nat(3), (changes, cut) => {
      const changed = Uint8Array.from(sample.subarray(0, sample.length - Math.max(0, cut - 2)))
      for (const [at, byte] of changes) if (at < changed.length) changed[at] = byte
      const result = decodeFrame(changed)
      expect(result).toEqual(judgeFrame(changed))
      reached[result.ok ? 'taken' : 'refused'] += 1
    }),
    { numRuns: 500 },
  )
  expect(Math.min(reached.taken, reached.refused)).toBeGreaterThan(30)
})

test('frame-too-long: 1 MiB is looked at, one byte more is not', () => {
  expect(decodeFrame(bytes(FRAME_BYTES_MAX, 0))).toEqual({ ok: false, refusal: 'frame-encoding' })
  expect(decodeFrame(bytes(FRAME_BYTES_MAX + 1, 0))).toEqual({ ok: false, refusal: 'frame-too-long' })
})

test('frame-encoding: bytes that are not one canonical array', () => {
  for (const it of [bytes(0), Uint8Array.of(0x81), Uint8Array.of(0x81, 5, 0), Uint8Array.of(0x9f, 0xff)])
    expect(decodeFrame(it)).toEqual({ ok: false, refusal: 'frame-encoding' })
  for (const value of [{}, 1, null, 'hello', bytes(3)]) expect(refusal(value)).toBe('frame-encoding')
})

test('frame-kind: no number of a kind', () => {
  for (const kind of [13, -1, 2 ** 40, '0', null, [0]]) expect(refusal([kind])).toBe('frame-kind')
  expect(refusal([])).toBe('frame-kind')
})

test('frame-shape: a missing, additional or mistyped field of any kind', () => {
  for (const frame of frames) {
    const fields = fieldsOf(frame)
    expect(refusal([...fields, 0]), frame.kind).toBe('frame-shape')
    expect(refusal(fields.slice(0, -1)), frame.kind).toBe('frame-shape')
    for (let at = 1; at < fields.length; at += 1) {
      for (const value of ['X', -1, bytes(31), {}, null])
        expect(refusal(fields.with(at, value)), `${frame.kind} ${at}`).toBe('frame-shape')
    }
  }
})

test('a HELLO of another version may say more, so that it is refused by its number', () => {
  const later = [...fieldsOf(hello).with(1, SYNC_VERSION + 1), 'more']
  const result = decodeFrame(encodeCanonical(later))
  expect(result.ok && result.frame).toMatchObject({ kind: 'hello', version: SYNC_VERSION + 1 })
})

test('frame-shape: rows and ranges are in bounds and not empty', () => {
  for (const row of [
    [bytes(32), 0, bytes(32)],
    [bytes(32), 2 ** 32 + 1, bytes(32)],
    [bytes(32), 1],
    [bytes(31), 1, bytes(32)],
    1,
  ])
    expect(refusal([2, 0, [row], true])).toBe('frame-shape')
  for (const row of [
    [bytes(32), bytes(31), []],
    [bytes(31), bytes(32), []],
    [bytes(32), 5, []],
    [bytes(32), bytes(32), [bytes(31)]],
    [bytes(32), bytes(32), [bytes(32), 0]],
    [bytes(32), bytes(32), bytes(32)],
    [bytes(32), bytes(32)],
    [bytes(32), bytes(32), [], 0],
    null,
  ])
    expect(refusal([3, 1, false, 9, [row]])).toBe('frame-shape')
})

test('frame-shape: a request asks for each end once, for several ends of a device if it likes', () => {
  const want = (device: number, to: number): Value => [key(device), key(to), []]
  expect(refusal([3, 1, false, 9, [want(1, 1), want(1, 2)]])).toBe('ok')
  expect(refusal([3, 1, false, 9, [want(1, 1), want(1, 2), want(1, 1)]])).toBe('frame-shape')
  expect(refusal([3, 1, false, 9, [want(1, 1), want(2, 1)]])).toBe('frame-shape')
})

test('frame-shape: briefs name ascending buckets below 256, and tags are whole', () => {
  const brief = (...list: Value[]): string => refusal([7, 1, list])
  const tags = bytes(TAG_BYTES)
  expect(brief([0, tags], [7, bytes(0)], [255, tags])).toBe('ok')
  for (const list of [
    [[256, tags]],
    [[-1, tags]],
    [
      [7, tags],
      [7, tags],
    ],
    [
      [8, tags],
      [7, tags],
    ],
    [[7, bytes(TAG_BYTES + 1)]],
    [[7, [tags]]],
    [[7]],
    [[7, tags, 0]],
    [tags],
  ] as Value[][])
    expect(brief(...list)).toBe('frame-shape')
  expect(refusal([8, 1, bytes(TAG_BYTES - 1)])).toBe('frame-shape')
  expect(refusal([8, 1, bytes(0)])).toBe('ok')
})

test('frame-shape: no frame of nothing that only keeps a peer waiting, no request for nothing', () => {
  expect([refusal([3, 1, false, 0, []]), refusal([3, 1, false, 1, []])]).toEqual(['frame-shape', 'ok'])
  expect(refusal([2, 1, [], false])).toBe('frame-shape')
  expect(refusal([4, 1, []])).toBe('frame-shape')
})

test('frame-limit: 40 known ids of a range and 65,536 tags are taken, one more is not', () => {
  const want = (count: number): Value => [key(1), key(1), Array.from({ length: count }, (_, i) => key(i))]
  expect(refusal([3, 1, false, 9, [want(HAVE_MAX)]])).toBe('ok')
  expect(refusal([3, 1, false, 9, [want(HAVE_MAX + 1)]])).toBe('frame-limit')
  const half = bytes((TAGS_MAX / 2) * TAG_BYTES)
  const brief = (...last: Value[]): Value => [7, 1, [[1, half], [2, half], ...last]]
  expect(refusal(brief([3, bytes(0)]))).toBe('ok')
  expect(refusal(brief([3, bytes(TAG_BYTES)]))).toBe('frame-limit')
  expect(refusal([8, 1, bytes(TAGS_MAX * TAG_BYTES)])).toBe('ok')
  expect(refusal([8, 1, bytes((TAGS_MAX + 1) * TAG_BYTES)])).toBe('frame-limit')
})

test('frame-limit: 8,192 rows, 8,192 ranges and 2,000 commits are taken, one more is not', () => {
  const rows = Array.from({ length: ROWS_MAX + 1 }, (_, i): Value => [key(i), 1, bytes(32)])
  expect(refusal([2, 1, rows.slice(1), true])).toBe('ok')
  expect(refusal([2, 1, rows, true])).toBe('frame-limit')
  const wants = Array.from({ length: WANTS_MAX + 1 }, (_, i): Value => [bytes(32), key(i), []])
  expect(refusal([3, 1, false, 9, wants.slice(1)])).toBe('ok')
  expect(refusal([3, 1, false, 9, wants])).toBe('frame-limit')
  const records = Array.from({ length: BATCH_COMMITS_MAX + 1 }, () => bytes(1))
  expect(refusal([4, 1, records.slice(1)])).toBe('ok')
  expect(refusal([4, 1, records])).toBe('frame-limit')
  const briefed = Array.from({ length: BRIEF_ROWS_MAX + 1 }, (_, i): Value => [bytes(32, 7), 1 + i, key(i)])
  expect(refusal([7, 1, [[7, briefed.slice(1)]]])).toBe('ok')
  expect(refusal([7, 1, [[7, briefed]]])).toBe('frame-limit')
})

test('frame-limit: one declined document, payload asked for or payload more than a frame may have', () => {
  const names = Array.from({ length: DECLINED_MAX + 1 }, (_, i) => `board/${String(i).padStart(3, '0')}`)
  expect(refusal([10, names.slice(1)])).toBe('ok')
  expect(refusal([10, names])).toBe('frame-limit')
  const ids = Array.from({ length: FETCH_MAX + 1 }, (_, i) => key(i))
  expect(refusal([11, 1, 'board/a', ids.slice(1)])).toBe('ok')
  expect(refusal([11, 1, 'board/a', ids])).toBe('frame-limit')
  expect(refusal([12, 1, ids.slice(1)])).toBe('ok')
  expect(refusal([12, 1, ids])).toBe('frame-limit')
  expect(refusal([12, 1, [bytes(PAYLOAD_BYTES_MAX)]])).toBe('ok')
  expect(refusal([12, 1, [bytes(PAYLOAD_BYTES_MAX + 1)]])).toBe('frame-limit')
})

test('frame-shape: a document twice, out of order or misnamed; an id twice or short; nothing asked or answered', () => {
  const declines: Value[] = [['board/a', 'board/a'], ['board/b', 'board/a'], ['board'.toUpperCase()], [1]]
  for (const list of declines) expect(refusal([10, list])).toBe('frame-shape')
  const asked: Value[] = [[], [key(1), key(1)], [bytes(31)], ['x']]
  for (const list of asked) expect(refusal([11, 1, 'board/a', list])).toBe('frame-shape')
  expect(refusal([11, 1, 'Board', [key(1)]])).toBe('frame-shape')
  for (const list of [[], ['x'], [1]]) expect(refusal([12, 1, list])).toBe('frame-shape')
})

test('frame-shape: a row in the brief of a bucket that it does not belong to', () => {
  expect(refusal([7, 1, [[7, [[bytes(32, 7), 1, key(1)]]]]])).toBe('ok')
  expect(refusal([7, 1, [[7, [[bytes(32, 8), 1, key(1)]]]]])).toBe('frame-shape')
})

test('a HELLO of another version may say less or more', () => {
  const fields = fieldsOf(hello).with(1, SYNC_VERSION - 1)
  for (const said of [fields.slice(0, -1), fields, [...fields, 'more']]) expect(refusal(said)).toBe('ok')
})

function rowsOf(rows: readonly HeadRow[]): Value[] {
  return rows.map((it) => [it.device, it.length, it.id])
}

function fieldsOf(frame: Frame): Value[] {
  const kinds = ['hello', 'digests', 'rows', 'want', 'commits', 'done', 'root', 'brief', 'ask', 'more']
  kinds.push('decline', 'fetch', 'payloads')
  const number = kinds.indexOf(frame.kind)
  switch (frame.kind) {
    case 'hello':
      return [number, frame.version, frame.coop, frame.authority, frame.root, frame.key, frame.forks]
    case 'digests':
      return [number, frame.round, frame.digests]
    case 'rows':
      return [number, frame.round, rowsOf(frame.rows), frame.isLast]
    case 'want':
      return [
        number,
        frame.request,
        frame.isUrgentOnly,
        frame.limit,
        frame.wants.map((it) => [it.device, it.to, it.have]),
      ]
    case 'brief':
      return [
        number,
        frame.round,
        frame.buckets.map((it) => [it.bucket, 'tags' in it ? it.tags : rowsOf(it.rows)]),
      ]
    case 'ask':
      return [number, frame.round, frame.tags]
    case 'more':
      return [number, frame.request]
    case 'commits':
      return [number, frame.request, frame.records]
    case 'done':
      return [number, frame.request, frame.isMore]
    case 'root':
      return [number, frame.root]
    case 'decline':
      return [number, frame.documents]
    case 'fetch':
      return [number, frame.request, frame.document, frame.ids]
    case 'payloads':
      return [number, frame.request, frame.payloads]
  }
}
