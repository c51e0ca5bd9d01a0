import { expect, test } from 'vitest'
import { RandomStreams } from './random-streams.ts'
import type { RandomStream } from './random-stream.ts'

const draw = (stream: RandomStream, count: number): number[] =>
  Array.from({ length: count }, () => stream.int32())

test('a stream depends on seed, purpose, node and peer alone', () => {
  const plain = new RandomStreams(7)
  const expected = draw(plain.stream('loss', 3, 4), 100)
  const busy = new RandomStreams(7)
  const got: number[] = []
  for (let i = 0; i < 100; i += 1) {
    draw(busy.stream('new fault', i), i % 5)
    draw(busy.stream('loss', 4, 3), 3)
    got.push(busy.stream('loss', 3, 4).int32())
  }
  expect(got).toEqual(expected)
})

test('no two keys share a stream', () => {
  const seen = new Set<string>()
  let keys = 0
  for (const seed of [0, 1, 2 ** 32, 2 ** 53 - 1]) {
    const streams = new RandomStreams(seed)
    for (const purpose of ['', 'loss', 'sslo', 'losT']) {
      for (let node = -1; node < 20; node += 1) {
        for (let peer = -1; peer < 20; peer += 1) {
          seen.add(draw(streams.stream(purpose, node, peer), 2).join())
          keys += 1
        }
      }
    }
  }
  expect(seen.size).toBe(keys)
})

test('streams of neighbouring keys are uncorrelated, bit by bit', () => {
  const streams = new RandomStreams(1)
  const pairs = [
    [streams.stream('loss', 0, 1), streams.stream('loss', 1, 0)],
    [streams.stream('loss', 0), streams.stream('loss', 1)],
    [streams.stream('a'), streams.stream('b')],
    [new RandomStreams(5).stream('a'), new RandomStreams(6).stream('a')],
  ] as const
  const count = 20_000
  for (const [a, b] of pairs) {
    const equal = new Uint32Array(32)
    for (let i = 0; i < count; i += 1) {
      const same = ~(a.int32() ^ b.int32())
      for (let bit = 0; bit < 32; bit += 1) equal[bit] = (equal[bit] ?? 0) + ((same >>> bit) & 1)
    }
    // Five deviations of a fair coin; 128 coins pass together in all but 1 of 14,000 cases.
    for (const times of equal) expect(Math.abs(times - count / 2)).toBeLessThan(5 * Math.sqrt(count / 4))
  }
})

test('the first numbers of many streams are spread as evenly as those of one', () => {
  const streams = new RandomStreams(3)
  const cells = new Uint32Array(64)
  const count = 64_000
  for (let node = 0; node < count; node += 1) {
    const cell = Math.floor(streams.stream('first', node).unit() * 64)
    cells[cell] = (cells[cell] ?? 0) + 1
  }
  let chiSquare = 0
  for (const times of cells) chiSquare += (times - 1_000) ** 2 / 1_000
  // 63 degrees of freedom: 30.5 to 112 holds all but 1 in 5,000.
  expect(chiSquare).toBeGreaterThan(30.5)
  expect(chiSquare).toBeLessThan(112)
})

test('numbers below a limit are evenly spread, also where the limit is no power of two', () => {
  const random = new RandomStreams(4).stream('below')
  for (const limit of [1, 3, 10, 2 ** 32 - 1, 2 ** 32 + 7, 2 ** 53]) {
    let sum = 0
    for (let i = 0; i < 20_000; i += 1) {
      const value = random.below(limit)
      expect(Number.isSafeInteger(value) && value >= 0 && value < limit).toBe(true)
      sum += value / limit
    }
    const expected = (limit - 1) / limit / 2
    expect(Math.abs(sum / 20_000 - expected)).toBeLessThan(5 / Math.sqrt(12 * 20_000))
  }
  expect(() => random.below(0)).toThrow('no number is below 0')
  expect(() => random.pick([])).toThrow(RangeError)
})

test('a shuffle keeps all items and reaches every order', () => {
  const random = new RandomStreams(5).stream('shuffle')
  const orders = new Map<string, number>()
  for (let i = 0; i < 6_000; i += 1) {
    const order = random.shuffle([1, 2, 3]).join('')
    orders.set(order, (orders.get(order) ?? 0) + 1)
  }
  expect(orders.size).toBe(6)
  for (const times of orders.values()) expect(Math.abs(times - 1_000)).toBeLessThan(150)
})

test('seeds and nodes out of range are refused', () => {
  for (const seed of [-1, 0.5, 2 ** 53, Number.NaN])
    expect(() => new RandomStreams(seed)).toThrow('a seed is')
  expect(() => new RandomStreams(1).stream('x', 2 ** 26)).toThrow('no stream')
})

test('the generator is xoshiro128**: the first numbers from a known state', async () => {
  const { RandomStream } = await import('./random-stream.ts')
  // From the reference implementation (xoshiro128starstar.c, 2018) started with 1, 2, 3, 4.
  expect(draw(new RandomStream(1, 2, 3, 4), 4)).toEqual([11_520, 0, 5_927_040, 70_819_200])
})
