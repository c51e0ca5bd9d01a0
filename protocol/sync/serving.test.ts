import { expect, test } from 'vitest'
import { testCoop } from '../../test/actors/coop-actors.ts'
import { Pen, headOf, reader, recordsOf } from '../../test/actors/pen.ts'
import type { CommitRecord } from '../commit/index.ts'
import type { Replica } from '../replica/index.ts'
import { Serving } from './serving.ts'

const made = testCoop(31)
/** Enough for a frame to end before a chain has a run of 256, where a signature would be checked too. */
const signers = Array.from({ length: 9 }, () => made.admit('member').signer)
const roster = recordsOf(made.founder)
const { sha256 } = made.crypto

/** The first commits of all these devices, in turn. */
function turns(count: number): CommitRecord[] {
  const pens = signers.map((signer) => new Pen(made.coop, signer))
  return Array.from({ length: count }, (_, i) => {
    const pen = pens[i % pens.length] as Pen
    return pen.write(pen.written.length === 0 ? { seen: [headOf(roster)] } : {})
  })
}

/** A replica that received these commits in batches of this length, and counts the signatures that it checks. */
function received(
  records: readonly CommitRecord[],
  length: number,
): { replica: Replica; checks: () => number } {
  const replica = reader(made.coop, roster)
  for (let at = 0; at < records.length; at += length) replica.ingest(records.slice(at, at + length))
  let count = 0
  const verify = replica.rule.verify.bind(replica.rule)
  replica.rule.verify = (...args) => {
    count += 1
    return verify(...args)
  }
  return { replica, checks: () => count }
}

/** Places of the answer's batches when all of these commits are asked for at once. */
function batches(replica: Replica, records: readonly CommitRecord[]): number[] {
  const orders = Uint32Array.from(records.map((it) => replica.history.find(it.id)))
  const serving = new Serving({ replica, sha256 }, { request: 1, orders, limit: orders.length })
  const bytes = new Map(records.map((it) => [replica.history.find(it.id), it.bytes]))
  const lengths: number[] = []
  for (let read = serving.nextRead(); read !== null; read = serving.nextRead()) {
    serving.take(read.map((order) => ({ order, bytes: bytes.get(order) ?? new Uint8Array() })))
    lengths.push(serving.nextBatch()?.orders.length ?? 0)
    serving.confirm()
  }
  return lengths
}

test('what was received in a batch is passed on in it, and no signature is checked again', () => {
  const records = turns(5_400)
  const { replica, checks } = received(records, 1_800)
  expect(batches(replica, records)).toEqual([1_800, 1_800, 1_800])
  expect(checks()).toBe(0)
})

test('an answer that begins within what was received in a batch goes on in the same batches', () => {
  const records = turns(5_400)
  const { replica, checks } = received(records, 1_800)
  expect(batches(replica, records.slice(1_200))).toEqual([600, 1_800, 1_800])
  expect(checks()).toBe(0)
})

test('a batch is cut short only once in vain', () => {
  const records = turns(6_600)
  // What was received together is more than a frame holds.
  const { replica } = received(records, 2_200)
  expect(batches(replica, records)).toEqual([2_000, 200, 2_000, 2_000, 400])
})

test('the last batch is not cut short for that: then signatures are checked', () => {
  const records = turns(690)
  const { replica, checks } = received(records.slice(0, 291), 291)
  replica.ingest(records.slice(291))
  const before = checks()
  // A request's limit ends it behind the first 600, of which the first 291 end with known signatures.
  expect(batches(replica, records.slice(0, 600))).toEqual([600])
  expect(checks() - before).toBe(signers.length)
})
