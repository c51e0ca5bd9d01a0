import { expect, test } from 'vitest'
import { Scribe, headOf } from '../../test/actors/evidence-file.ts'
import type { CommitRecord } from '../commit/index.ts'
import { compareBytes } from '../encoding/index.ts'
import { ChainCheck } from './chain-check.ts'
import { FORKS_NAMED_MAX } from './limits.ts'

/** A check that has taken these commits; `unsigned` ones have no good signature of their own. */
function checked(
  records: readonly CommitRecord[],
  unsigned: ReadonlySet<CommitRecord> = new Set(),
): ChainCheck {
  const check = new ChainCheck()
  for (const record of records) {
    const refusal = check.add(record.id, record.header, !unsigned.has(record))
    if (refusal !== null) throw new Error(refusal)
  }
  return check
}

const refusalOf = (check: ChainCheck, record: CommitRecord): string =>
  check.add(record.id, record.header, true) ?? 'ok'

/** A chain of `count` commits without sections. */
function chain(scribe: Scribe, count: number): CommitRecord[] {
  return Array.from({ length: count }, () => scribe.write())
}

test('chain-link: the commit before it must be there, of the same device, one seq below', () => {
  const [nas, till] = [new Scribe(1), new Scribe(2)]
  const [first, second] = chain(nas, 2) as [CommitRecord, CommitRecord]
  expect(refusalOf(checked([]), second)).toBe('chain-link')
  expect(refusalOf(checked([first]), second)).toBe('ok')
  const check = checked([first])
  expect(refusalOf(check, nas.write([], { seq: 2, prev: first.id }))).toBe('chain-link')
  expect(refusalOf(check, till.write([], { seq: 1, prev: first.id }))).toBe('chain-link')
  expect(refusalOf(check, second)).toBe('ok')
  expect([check.commits, check.devices]).toEqual([2, 1])
})

test('commit-twice: a commit stands in the file once', () => {
  const [first] = chain(new Scribe(1), 1) as [CommitRecord]
  expect(refusalOf(checked([first]), first)).toBe('commit-twice')
})

test('commit-order: nothing stands before what it acknowledges', () => {
  const [nas, till] = [new Scribe(1), new Scribe(2)]
  const [first] = chain(nas, 1) as [CommitRecord]
  const answer = till.write([], { seen: [headOf(first)] })
  expect(refusalOf(checked([first]), answer)).toBe('ok')
  expect(checked([first, answer]).acknowledgedElsewhere).toBe(0)
  expect(refusalOf(checked([answer]), first)).toBe('commit-order')
})

test('acknowledged heads that the file does not hold are counted once each', () => {
  const [nas, till] = [new Scribe(1), new Scribe(2)]
  const [away] = chain(new Scribe(3), 1) as [CommitRecord]
  const both = [nas, till].map((it) => it.write([], { seen: [headOf(away)] }))
  expect(checked(both).acknowledgedElsewhere).toBe(1)
  // The right id under another seq or device is a head that never was.
  const [first] = both as [CommitRecord]
  const lies = till.write([], { seen: [{ ...headOf(first), seq: 5 }] })
  const other = till.write([], { seen: [{ ...headOf(first), device: away.header.device }] })
  expect(checked([...both, lies, other]).acknowledgedElsewhere).toBe(3)
})

test('a later signature covers the commits before it, and an end without one is told', () => {
  const records = chain(new Scribe(1), 4)
  const [, second, third, last] = records as [CommitRecord, CommitRecord, CommitRecord, CommitRecord]
  const covered = checked(records, new Set([second, third]))
  expect([covered.signed, covered.uncoveredEnd]).toEqual([2, null])
  const open = checked(records, new Set([third, last]))
  expect([open.signed, open.uncoveredEnd]).toEqual([2, last.id])
})

test('a signature on one branch of a fork says nothing about the other', () => {
  const scribe = new Scribe(1)
  const [first, left] = chain(scribe, 2) as [CommitRecord, CommitRecord]
  const right = scribe.write([], { seq: 1, prev: first.id, timeMs: 9 })
  expect(checked([first, left, right], new Set([first])).uncoveredEnd).toBe(null)
  expect(checked([first, left, right], new Set([first, right])).uncoveredEnd).toEqual(right.id)
  expect(checked([first, left, right], new Set([left])).uncoveredEnd).toEqual(left.id)
})

test('a signature covers a stretch of any length, also across a fork, and the longest is told', () => {
  const scribe = new Scribe(1)
  const records = chain(scribe, 300)
  const unsigned = new Set(records.slice(0, -1))
  const check = checked(records, unsigned)
  expect([check.signed, check.longestUnsigned, check.uncoveredEnd]).toEqual([1, 299, null])
  const place = records[150] as CommitRecord
  const branch = [scribe.write([], { seq: 151, prev: place.id, timeMs: 9 }), scribe.write()]
  const forked = checked([...records, ...branch], new Set([...unsigned, ...branch.slice(0, 1)]))
  expect([forked.signed, forked.longestUnsigned, forked.uncoveredEnd]).toEqual([2, 299, null])
})

test('a fork is named by its device, its seq and both commits', () => {
  const scribe = new Scribe(1)
  const [first, left, later] = chain(scribe, 3) as [CommitRecord, CommitRecord, CommitRecord]
  const right = scribe.write([], { seq: 1, prev: first.id, timeMs: 9 })
  const check = checked([first, left, later, right])
  const ids = [left.id, right.id].sort(compareBytes)
  expect(check.forks).toEqual([{ device: scribe.signer.publicKey, seq: 1, ids }])
  // A second first commit is a fork too.
  const start = scribe.write([], { seq: 0, prev: null, timeMs: 9 })
  expect(check.add(start.id, start.header, true)).toBe(null)
  expect([check.forkCount, check.forks[1]?.seq]).toEqual([2, 0])
})

test('64 forks are named and all are counted', () => {
  const scribe = new Scribe(1)
  const [first] = chain(scribe, 1) as [CommitRecord]
  const branches = Array.from({ length: FORKS_NAMED_MAX + 2 }, (_, i) =>
    scribe.write([], { seq: 1, prev: first.id, timeMs: i }),
  )
  const check = checked([first, ...branches])
  expect([check.forkCount, check.forks.length]).toEqual([FORKS_NAMED_MAX + 1, FORKS_NAMED_MAX])
})
