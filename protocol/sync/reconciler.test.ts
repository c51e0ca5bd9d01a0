import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeCrypto } from '#node/crypto'
import { seededRandom } from '#simulations/mesh'
import { toHex } from '../encoding/index.ts'
import { History } from '../history/index.ts'
import { Heads } from '../replica/index.ts'
import type { HeadRow } from '../replica/index.ts'
import { TAG_BYTES } from './frame.ts'
import { BRIEF_ROWS_MAX } from './limits.ts'
import { Reconciler } from './reconciler.ts'

const { sha256 } = nodeCrypto()
const keys = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)] as const

/** Heads with these rows: each a device with so many commits. */
function headsOf(rows: readonly HeadRow[]): Heads {
  const history = new History(1)
  const heads = new Heads(sha256, { history, endsOf: (device) => history.endsOf(device) })
  for (const row of rows) {
    let prev = -1
    for (let seq = 0; seq < row.length; seq += 1) {
      const id = seq + 1 === row.length ? row.id : sha256(Uint8Array.of(seq, ...row.id))
      prev = history.add({ device: row.device, seq, id, prev, seen: [] })
    }
    const device = history.findDevice(row.device)
    heads.add(device)
    heads.touch(device)
  }
  return heads
}

const names = (rows: readonly HeadRow[]): string[] =>
  rows.map((row) => `${toHex(row.device)}/${row.length}/${toHex(row.id)}`).sort()

test('each side learns exactly the rows that only the other has', () => {
  const reached = { shared: 0, differing: 0, given: 0, tagged: 0 }
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.integer({ min: 1, max: 9 }), (seed, round) => {
      const random = seededRandom(seed)
      const common: HeadRow[] = []
      const [mine, theirs]: [HeadRow[], HeadRow[]] = [[], []]
      for (let i = 20 + random.below(60); i > 0; i -= 1) {
        // Few buckets, so that most hold several rows.
        const device = Uint8Array.of(random.below(8), ...random.bytes(31))
        const row = (): HeadRow => ({ device, length: 1 + random.below(3), id: random.bytes(32) })
        const what = random.below(6)
        if (what < 3) common.push(row())
        if (what === 3 || what === 4) mine.push(row())
        if (what === 3 || what === 5) theirs.push(row())
      }
      const a = new Reconciler(headsOf([...common, ...mine]), sha256, keys)
      const b = new Reconciler(headsOf([...common, ...theirs]), sha256, [keys[1], keys[0]])
      const buckets = b.brief(round, a.digests(round))
      const { tags, theirs: given, own } = a.compare(round, buckets)
      const asked = b.rowsOf(
        round,
        tags,
        buckets.map((it) => it.bucket),
      )
      expect(names(own)).toEqual(names(mine))
      expect(names([...asked, ...given])).toEqual(names(theirs))
      const isGiven = buckets.every((it) => 'rows' in it)
      expect(tags.length).toBe(isGiven ? 0 : theirs.length * TAG_BYTES)
      reached[isGiven ? 'given' : 'tagged'] += 1
      reached.shared += common.length
      reached.differing += mine.length + theirs.length
    }),
    { numRuns: 40 },
  )
  expect(Math.min(reached.given, reached.tagged)).toBeGreaterThan(8)
  expect(Math.min(reached.shared, reached.differing)).toBeGreaterThan(200)
})

test('equal heads need no brief, and every round and pair of keys has digests of its own', () => {
  const heads = headsOf([{ device: new Uint8Array(32), length: 2, id: sha256(keys[0]) }])
  const [a, b] = [new Reconciler(heads, sha256, keys), new Reconciler(heads, sha256, [keys[1], keys[0]])]
  const other = new Reconciler(heads, sha256, [keys[0], keys[0]])
  expect(b.brief(1, a.digests(1))).toEqual([])
  expect(a.digests(1).length).toBe(1_024)
  const digests = [a.digests(1), a.digests(2), other.digests(1)].map((it) => toHex(it.subarray(0, 4)))
  expect(new Set(digests).size).toBe(3)
})

test('tags that nobody has, or of a bucket that was not briefed, bring no rows', () => {
  const rows = Array.from({ length: BRIEF_ROWS_MAX + 1 }, (_, i) => {
    return { device: Uint8Array.of(7, i, ...new Uint8Array(30)), length: 1, id: new Uint8Array(32).fill(i) }
  })
  const side = new Reconciler(headsOf(rows), sha256, keys)
  const brief = side.brief(1, new Uint8Array(1_024)).find((it) => 'tags' in it && it.tags.length > 0)
  if (brief === undefined || !('tags' in brief)) throw new Error('no brief')
  expect(brief.bucket).toBe(7)
  expect(names(side.rowsOf(1, brief.tags, [7]))).toEqual(names(rows))
  expect(side.rowsOf(1, brief.tags, [6])).toEqual([])
  expect(side.rowsOf(2, brief.tags, [7])).toEqual([])
  expect(side.rowsOf(1, new Uint8Array(TAG_BYTES), [7])).toEqual([])
})
