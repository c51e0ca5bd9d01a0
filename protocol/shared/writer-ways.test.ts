import { expect, it } from 'vitest'
import { SESSION_IDS, STRETCH_RANK_MAX } from './writer-id.ts'
import { WriterWays } from './writer-ways.ts'

const SESSION = 511
const PAGE = 1023

function told(...ways: [session: number, device: string, rank: number][]): WriterWays {
  const noted = new WriterWays()
  for (const [session, device, rank] of ways) noted.note(session, device, rank)
  return noted
}

it('a device that is alone in a session has the number of the session less the rank of its stretch', () => {
  const ways = told([SESSION, 'ann', 0], [SESSION, 'ann', 2], [PAGE, 'ben', 0])
  expect([ways.isOutdated, ways.isPlain]).toEqual([false, true])
  expect(ways.numberOf(SESSION, 'ann', 1)).toBe(SESSION - 1)
  expect(ways.numberOf(SESSION, 'ann', STRETCH_RANK_MAX)).toBe(SESSION - STRETCH_RANK_MAX)
  expect(ways.numberOf(SESSION, 'ann', SESSION_IDS)).toBe(null)
  expect([SESSION, PAGE, 1535].map((it) => ways.isTaken(it))).toEqual([true, true, false])
})

it('of several, each stretch has its place by device, then rank, whatever came first', () => {
  const ways: [number, string, number][] = [
    [SESSION, 'ann', 0],
    [SESSION, 'ann', 2],
    [SESSION, 'ben', 0],
    [SESSION, 'cy', 1],
    [PAGE, 'ben', 0],
  ]
  for (const order of [ways, ways.toReversed()]) {
    const noted = told(...order)
    expect(noted.isOutdated).toBe(true)
    const known = new WriterWays(noted)
    expect([known.isOutdated, known.isPlain, known.isShared(SESSION), known.isShared(PAGE)]).toEqual([
      ...[false, false, true, false],
    ])
    const numbers = ways.map(([session, device, rank]) => known.numberOf(session, device, rank))
    expect(numbers).toEqual([511, 510, 509, 508, PAGE])
    for (const [session, device, rank] of order) known.note(session, device, rank)
    expect(known.isOutdated).toBe(false)
    expect(new WriterWays(known).numberOf(SESSION, 'ben', 0)).toBe(509)
  }
})

it('a stretch that was not known to collide has no number, and asks to start anew once it is noted', () => {
  const known = new WriterWays(told([SESSION, 'ann', 0], [SESSION, 'ben', 0]))
  expect([known.isNew(SESSION, 'abe', 0), known.isNew(SESSION, 'ann', 1)]).toEqual([true, true])
  expect([known.isNew(SESSION, 'ann', 0), known.isOutdated]).toEqual([false, false])
  known.note(SESSION, 'ann', 1)
  expect(known.isOutdated).toBe(true)
})

it('numbers run out: those who come last by device and rank have none', () => {
  const ranks = [...Array(300).keys()]
  const ways = ranks.flatMap((rank): [number, string, number][] => [
    [SESSION, 'ann', rank],
    [SESSION, 'ben', rank],
  ])
  const known = new WriterWays(told(...ways))
  expect(known.numberOf(SESSION, 'ben', 211)).toBe(0)
  expect(known.numberOf(SESSION, 'ben', 212)).toBe(null)
  expect(known.isNew(SESSION, 'ben', 212)).toBe(false)
})
