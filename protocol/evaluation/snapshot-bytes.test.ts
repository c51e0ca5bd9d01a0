import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts'

function written(write: (out: SnapshotWriter) => void): Uint8Array {
  const out = new SnapshotWriter()
  write(out)
  return out.result()
}

test('what is written is read, to the last byte', () => {
  const item = fc.record({
    count: fc.maxSafeNat(),
    place: fc.integer({ min: -1, max: 9 }),
    amount: fc.oneof(fc.bigInt(-300n, 300n), fc.bigInt(-(2n ** 70n), 2n ** 70n)),
    text: fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units)),
    bytes: fc.uint8Array(),
  })
  fc.assert(
    fc.property(fc.array(item, { maxLength: 8 }), (items) => {
      const bytes = written((out) =>
        out.list(items, ({ count, place, amount, text, bytes: value }) => {
          out.count(count)
          out.place(place)
          out.amount(amount)
          out.text(text)
          out.bytes(value)
        }),
      )
      const from = new SnapshotReader(bytes)
      const read = from.list(() => ({
        count: from.count(),
        place: from.place(),
        amount: from.amount(),
        text: from.text(),
        bytes: from.bytes(),
      }))
      expect(read).toEqual(items)
      expect([from.isOff, from.isAtEnd]).toEqual([false, true])
    }),
  )
})

test('bytes that nobody wrote are off: cut, too long, written in another way, or a list longer than they are', () => {
  const isOff = (bytes: number[], read: (from: SnapshotReader) => unknown): boolean => {
    const from = new SnapshotReader(Uint8Array.from(bytes))
    read(from)
    return from.isOff
  }
  const full = Array.from({ length: 30 }, () => 255)
  expect(isOff([], (from) => from.count())).toBe(true)
  expect(isOff([128, 0], (from) => from.count())).toBe(true)
  expect(isOff([128, 0], (from) => from.amount())).toBe(true)
  expect(isOff([...full, 1], (from) => from.count())).toBe(true)
  expect(isOff([...full, 1], (from) => from.amount())).toBe(true)
  expect(isOff([...full.slice(0, 7), 16], (from) => from.count())).toBe(true)
  expect(isOff([...full.slice(0, 7), 15], (from) => from.count())).toBe(false)
  expect(isOff([5], (from) => from.below(5))).toBe(true)
  expect(isOff([3, 1, 1], (from) => from.list(() => from.count()))).toBe(true)
  expect(isOff([2, 1], (from) => from.bytes())).toBe(true)
  expect(isOff([4], (from) => from.below(5))).toBe(false)
})

test('whatever the bytes are, reading ends', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const from = new SnapshotReader(bytes)
      from.each(() => {
        from.text()
        from.list(() => from.amount())
      })
      expect(from.isOff || bytes.length > 0).toBe(true)
    }),
  )
})
