import { expect, test } from 'vitest'
import { ManyChains } from '../../test/actors/many-chains.ts'
import { SessionPair } from '../../test/actors/session-pair.ts'
import type { PairEnd } from '../../test/actors/session-pair.ts'

const CHAINS = 5_000
const chains = new ManyChains(1, CHAINS)

/** Two replicas of 5,000 chains, of which one side has changed some. */
function pair(changed: readonly number[], side: 'leader' | 'follower'): { it: SessionPair; behind: PairEnd } {
  const it = new SessionPair(chains.replica(), chains.replica())
  it[side].store(changed.map((chain) => chains.next(chain)))
  return { it: it.open(), behind: side === 'leader' ? it.follower : it.leader }
}

const kinds = (it: SessionPair): string[] =>
  [...it.leader.sent, ...it.follower.sent].map((frame) => frame.kind)

test('5,000 equal chains: the two HELLOs say it all', () => {
  const { it } = pair([], 'leader')
  expect(it.until(() => it.isSynced)).toBe(1)
  expect([kinds(it), it.reconciliationBytes]).toEqual([['hello', 'hello'], 0])
})

test('one new commit among 5,000 chains: under 4 KB, and two round trips after HELLO', () => {
  for (const side of ['leader', 'follower'] as const) {
    for (let chain = 0; chain < CHAINS; chain += 500) {
      const { it, behind } = pair([chain], side)
      it.fly()
      const flights = it.until(() => behind.came.length === 1)
      it.until(() => it.isSynced)
      expect(it.reconciliationBytes).toBeLessThan(4_000)
      // A commit that the leading side has takes one flight more: the other side asks when it has heard of it.
      expect(flights).toBe(side === 'follower' ? 4 : 5)
    }
  }
})

test('50 changed chains among 5,000: under 30 KB', () => {
  for (const side of ['leader', 'follower'] as const) {
    const changed = Array.from({ length: 50 }, (_, i) => i * 97)
    const { it, behind } = pair(changed, side)
    it.fly()
    it.until(() => behind.came.length === 50)
    it.until(() => it.isSynced)
    expect(it.reconciliationBytes).toBeLessThan(30_000)
    expect(new Set(behind.came).size).toBe(50)
  }
})

test('25 chains changed on each side of 5,000: one round serves both, under 30 KB', () => {
  const { it } = pair(
    Array.from({ length: 25 }, (_, i) => i * 97),
    'leader',
  )
  it.follower.store(Array.from({ length: 25 }, (_, i) => chains.next(4_999 - i * 97)))
  it.until(() => it.isSynced)
  expect(kinds(it).filter((kind) => kind === 'digests').length).toBe(1)
  expect(it.reconciliationBytes).toBeLessThan(30_000)
})
