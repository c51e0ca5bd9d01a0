import { expect, test } from 'vitest'
import { openReplica } from '#protocol/coop'
import { nodeCrypto } from '#node/crypto'
import { SIGNATURE_RUN_MAX, signaturesToCheck } from './intake.ts'
import { OpenBatch } from './open-batch.ts'
import { Pen, coopWithPen, headOf, reader, recordsOf, refusals, unsigned } from '../../test/actors/pen.ts'

const crypto = nodeCrypto()

test('a batch that is taken by and by ends as one that is taken at once', () => {
  const { pen, coop, all } = coopWithPen(71)
  pen.more(40)
  const bad = [...pen.written.slice(0, 30), ...pen.written.slice(31), pen.written[3] ?? pen.write()]
  for (const batch of [pen.written, bad, [...pen.written, ...pen.written.slice(0, 2)]]) {
    const whole = reader(coop, all)
    const once = whole.ingest(batch)
    for (const most of [1, 7, 30]) {
      const replica = reader(coop, all)
      const open = new OpenBatch(batch)
      const sum = { stored: 0, duplicates: 0, refused: [] as string[] }
      while (!open.isDone) {
        const result = replica.take(open, most)
        expect(result.stored.length).toBeLessThanOrEqual(most)
        sum.stored += result.stored.length
        sum.duplicates += result.duplicates
        sum.refused.push(...refusals(result))
      }
      const { stored, duplicates } = once
      expect(sum).toEqual({ stored: stored.length, duplicates, refused: refusals(once) })
      expect(replica.heads.root()).toEqual(whole.heads.root())
    }
  }
})

test('what came by another way while a batch is taken in half is not stored twice', () => {
  const { pen, coop, all } = coopWithPen(72)
  pen.more(9)
  const replica = reader(coop, all)
  const open = new OpenBatch(pen.written)
  replica.take(open, 4)
  expect(replica.ingest(pen.written.slice(0, 7)).stored.length).toBe(3)
  const rest = replica.take(open)
  expect([rest.duplicates, rest.stored.length]).toEqual([3, 3])
})

test('a batch that is taken in half lets a write go between only once signatures cover what was taken', () => {
  const { pen, coop, all, admit } = coopWithPen(73)
  pen.more(9)
  const spoilt = pen.written.map((it, i) => (i === 9 || i === 2 ? it : unsigned(it)))
  const { signer } = admit('member')
  const replica = openReplica({ coop, crypto, signer })
  replica.ingest(all)
  const open = new OpenBatch(spoilt)
  const covered: boolean[] = []
  for (let i = 0; i <= 10; i += 1) {
    covered.push(replica.cover(open))
    replica.take(open, 1)
  }
  // Before it; when the third was the last; at its end.
  expect(covered.flatMap((it, i) => (it ? [i] : []))).toEqual([0, 3, 10])
})

test('a batch with commits of this device lets no write go before they are in', () => {
  const { pen, coop, founder, admit } = coopWithPen(74)
  const { signer } = admit('member')
  const own = new Pen(coop, signer)
  own.write({ seen: [headOf(recordsOf(founder))] })
  own.more(1)
  pen.more(4)
  const replica = openReplica({ coop, crypto, signer })
  replica.ingest(recordsOf(founder))
  const open = new OpenBatch([...pen.written.slice(0, 2), ...own.written, ...pen.written.slice(2)])
  replica.take(open, 3)
  expect(replica.cover(open)).toBe(false)
  replica.take(open, 1)
  expect(replica.cover(open)).toBe(true)
})

test('the last record of each device in a window is among the signatures to check, and then nothing is checked there', () => {
  const { pen, coop, all, admit } = coopWithPen(75)
  pen.more(11)
  expect(pen.written.length).toBe(12)
  const devices = pen.written.map(({ header }) => header.device)
  expect(signaturesToCheck(devices)).toEqual([11])
  const places = signaturesToCheck(devices, 5)
  expect(places).toEqual([4, 9, 11])
  const { signer } = admit('member')
  let checks = 0
  const counting = {
    ...crypto,
    verify: (...args: Parameters<typeof crypto.verify>) => ((checks += 1), crypto.verify(...args)),
  }
  const replica = openReplica({ coop, crypto: counting, signer })
  replica.ingest(all)
  const open = new OpenBatch(pen.written, new Set(places), 5)
  checks = 0
  const free: number[] = []
  while (!open.isDone) {
    replica.take(open, 1)
    if (!open.isAtWindow) continue
    expect(replica.cover(open)).toBe(true)
    free.push(open.done.length)
  }
  expect([free, checks]).toEqual([[5, 10], 0])
})

test('in a long run one of each 256 is among the signatures to check', () => {
  const device = new Uint8Array(32)
  const places = signaturesToCheck(Array.from({ length: SIGNATURE_RUN_MAX + 10 }, () => device))
  expect(places).toEqual([SIGNATURE_RUN_MAX - 1, SIGNATURE_RUN_MAX + 9])
})
