import fc from 'fast-check'
import { expect, test } from 'vitest'
import { testCoop } from '../../test/actors/coop-actors.ts'
import { Forker } from '../../test/actors/forker.ts'
import { Pen, coopWithPen, headOf, reader, recordsOf } from '../../test/actors/pen.ts'
import { nodeCrypto } from '#node/crypto'
import type { CommitRecord } from '../commit/index.ts'
import { toHex } from '../encoding/index.ts'
import type { Replica } from '../replica/index.ts'
import { PAST_ROWS_MAX, missingFrom, pastRows, readPastRows } from './past-rows.ts'

const made = testCoop(44)
const signers = Array.from({ length: 5 }, () => made.admit('venue').signer)
const roster = recordsOf(made.founder)

/** What a device that has `has` is sent so that it has the past of `to`. */
function sent(by: Replica, to: CommitRecord, has: Replica, device: Uint8Array): string[] {
  const rows = readPastRows(pastRows(has))
  const order = by.history.find(to.id)
  if (rows === null || order < 0) throw new Error('no rows or no commit')
  return [...(missingFrom(by, { to: order, rows, device }, 10_000) ?? [])].map((it) =>
    toHex(by.history.idOf(it)),
  )
}

const idsOf = (records: readonly CommitRecord[]): string[] => records.map((it) => toHex(it.id))

test('whoever wrote what and heard of whom: exactly what is missing of the past is sent', () => {
  const act = fc.record({ writer: fc.nat(4), hears: fc.nat(4) })
  const input = fc.record({ acts: fc.array(act, { minLength: 1, maxLength: 40 }), gate: fc.nat(4) })
  fc.assert(
    fc.property(input, ({ acts, gate }) => {
      const pens = signers.map((signer) => new Pen(made.coop, signer))
      /** What each has heard of, beside the roster. */
      const has = pens.map(() => new Map<string, CommitRecord>())
      const all: CommitRecord[] = []
      for (const { writer, hears } of acts) {
        const pen = pens[writer] as Pen
        const own = has[writer] as Map<string, CommitRecord>
        const others = pens[hears]?.written ?? []
        const heard = writer === hears ? [] : [...(has[hears]?.values() ?? [])]
        for (const it of heard) own.set(toHex(it.id), it)
        const seen = [
          ...(pen.written.length === 0 ? [headOf(roster)] : []),
          ...(heard.length === 0 || others.length === 0 ? [] : [headOf(others)]),
        ]
        const record = pen.write({ seen })
        own.set(toHex(record.id), record)
        all.push(record)
      }
      const to = all.at(-1) as CommitRecord
      const giver = pens.findIndex((pen) => pen.written.includes(to))
      const stored = (it: number): CommitRecord[] => all.filter((record) => has[it]?.has(toHex(record.id)))
      const by = reader(made.coop, [...roster, ...stored(giver)])
      const asking = reader(made.coop, [...roster, ...stored(gate)])
      const known = new Set(idsOf(stored(gate)))
      const ids = sent(by, to, asking, signers[gate]?.publicKey ?? new Uint8Array(32))
      const past = stored(giver).filter((it) =>
        by.history.knows(by.history.find(to.id), by.history.find(it.id)),
      )
      expect(ids).toEqual(idsOf(past).filter((it) => !known.has(it)))
      expect(asking.ingest(stored(giver).filter((it) => ids.includes(toHex(it.id)))).refused).toEqual([])
      expect(asking.history.find(to.id)).toBeGreaterThanOrEqual(0)
    }),
    { numRuns: 25 },
  )
})

test('of a forked device it is told from where on, branch by branch', () => {
  const { pen, all, coop } = coopWithPen(45)
  const forker = new Forker(coop, { pen, sha256: nodeCrypto().sha256 })
  const trunk = forker.fork([], 0, 6, all)
  const left = forker.fork(trunk, 6, 3)
  const right = forker.fork(trunk, 4, 5)
  const by = reader(coop, [...all, ...trunk, ...left, ...right])
  const ask = (has: Replica, to: CommitRecord | undefined): string[] =>
    sent(by, to as CommitRecord, has, new Uint8Array(32))
  expect(ask(reader(coop, [...all, ...trunk.slice(0, 3)]), left.at(-1))).toEqual(idsOf(left.slice(3)))
  expect(ask(reader(coop, [...all, ...left]), right.at(-1))).toEqual(idsOf(right.slice(4)))
  expect(ask(by, right.at(-1))).toEqual([])
})

test('who has nothing gets all; more than the most is told apart from nothing', () => {
  const { pen, all, coop } = coopWithPen(46)
  const written = [...pen.written, ...pen.more(20)]
  const by = reader(coop, [...all, ...written])
  const to = by.history.find(written.at(-1)?.id ?? new Uint8Array(32))
  const about = { to, rows: [], device: new Uint8Array(32) }
  const count = all.length + written.length
  expect(missingFrom(by, about, count)).toHaveLength(count)
  expect(missingFrom(by, about, count - 1)).toBeNull()
})

test('what are no rows is none', () => {
  const { coop, all } = coopWithPen(47)
  const good = pastRows(reader(coop, all))
  expect(readPastRows(good)).toHaveLength(good.length / 68)
  expect(readPastRows(new Uint8Array())).toEqual([])
  expect(readPastRows(good.subarray(1))).toBeNull()
  expect(readPastRows(new Uint8Array(68))).toBeNull()
  expect(readPastRows(new Uint8Array((PAST_ROWS_MAX + 1) * 68).fill(1))).toBeNull()
})
