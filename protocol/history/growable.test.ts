import { expect, test } from 'vitest'
import { BitList } from './bit-list.ts'
import { CountList, RowList } from './growable.ts'

const row = (i: number): Uint8Array => Uint8Array.of(i >> 16, (i >> 8) & 255, i & 255)

/** Around each size at which a list gets another piece or a larger first one. */
const BOUNDARIES = [0, 3, 4, 5, 7, 8, 9, 4_095, 4_096, 4_097, 8_191, 8_192, 8_193, 9_999]

test('growing lists keep every row and number across their pieces, and have nothing outside', () => {
  const rows = new RowList(3)
  const counts = new CountList()
  for (let i = 0; i < 10_000; i += 1) {
    rows.push(row(i))
    counts.push(2 ** 32 - 1 - i)
    if (!BOUNDARIES.includes(i)) continue
    expect([rows.length, counts.length]).toEqual([i + 1, i + 1])
    for (const at of BOUNDARIES.filter((it) => it <= i)) {
      expect([rows.at(at), counts.at(at)]).toEqual([row(at), 2 ** 32 - 1 - at])
      expect([rows.equals(at, row(at)), rows.equals(at, row(at + 1))]).toEqual([true, false])
    }
    expect([rows.at(-1), rows.at(i + 1), counts.at(-1), counts.at(i + 1)]).toEqual(Array(4).fill(undefined))
    expect([rows.equals(-1, row(0)), rows.equals(i + 1, row(0))]).toEqual([false, false])
  }
})

test('a row that was handed out stays what it was while the list grows', () => {
  const rows = new RowList(3)
  rows.push(row(1))
  const first = rows.at(0)
  for (let i = 2; i < 5_000; i += 1) rows.push(row(i))
  expect([first, rows.at(0)]).toEqual([row(1), row(1)])
})

test('a number is replaced where there is one, and nowhere else', () => {
  const counts = new CountList()
  for (let i = 0; i < 4_100; i += 1) counts.push(i)
  for (const at of [0, 4_095, 4_096, 4_099]) counts.set(at, 7)
  expect([0, 1, 4_095, 4_096, 4_098, 4_099].map((at) => counts.at(at))).toEqual([7, 1, 7, 7, 4_098, 7])
  for (const at of [-1, 4_100, 8_192]) expect(() => counts.set(at, 1)).toThrow(RangeError)
  expect(new CountList().at(0)).toBe(undefined)
})

test('a list of bits holds those that were added, however far out, and no others', () => {
  const bits = new BitList()
  const added = [0, 31, 32, 127, 128, 129, 4_000, 100_000]
  for (const bit of added) bits.add(bit)
  bits.add(31)
  const found = Array.from({ length: 100_100 }, (_, i) => i).filter((i) => bits.has(i))
  expect(found).toEqual(added)
  expect([...bits.places()]).toEqual(added)
  expect([...new BitList().places()]).toEqual([])
  expect(bits.has(10_000_000)).toBe(false)
})
