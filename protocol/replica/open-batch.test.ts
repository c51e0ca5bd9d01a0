import { expect, test } from 'vitest'
import { openReplica } from '#protocol/coop'
import { nodeCrypto } from '#node/crypto'
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
      const open = replica.begin(batch)
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
  const open = replica.begin(pen.written)
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
  const open = replica.begin(spoilt)
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
  const open = replica.begin([...pen.written.slice(0, 2), ...own.written, ...pen.written.slice(2)])
  replica.take(open, 3)
  expect(replica.cover(open)).toBe(false)
  replica.take(open, 1)
  expect(replica.cover(open)).toBe(true)
})
