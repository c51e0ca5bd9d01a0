import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coopOf, sha256 } from '../../test/actors/authority-book.ts'
import type { AuthorityBook, Person, Written } from '../../test/actors/authority-book.ts'
import { toHex } from '../encoding/index.ts'
import type { AuthorityEntry } from './entries.ts'
import type { Genesis } from './genesis.ts'

/**
 * Whoever writes one linear history: a steward, or the second history of the first one, who signs double. What it has heard
 * of it acknowledges, and nothing else.
 */
interface Hand {
  person: Person
  prev: number
  heard: Set<number>
  round: number
}

type Step = { hand: number } & (
  | { act: 'hear'; from: number }
  | { act: 'support' | 'sign'; seal: number; byId: boolean }
  | { act: 'advance'; by: number }
)

const count = fc.nat({ max: 1_000 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ hand: count, act: fc.constant('hear' as const), from: count }) },
  {
    weight: 4,
    arbitrary: fc.record({
      ...{ hand: count, act: fc.constantFrom('support' as const, 'sign' as const) },
      ...{ seal: fc.nat({ max: 1 }), byId: fc.boolean() },
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      hand: count,
      act: fc.constant('advance' as const),
      by: fc.integer({ min: 1, max: 2 }),
    }),
  },
)

interface Played {
  book: AuthorityBook
  /** Epochs that follow the one in which all voted. */
  children: string[]
  parent: string
  /** Commits of the ballot with their verdicts. */
  verdicts: Map<number, string>
}

/** Plays the steps in a co-op of n stewards of whom the first has two histories. */
function play(n: number, rules: Partial<Genesis>, steps: readonly Step[]): Played {
  const { book, people } = coopOf(n, rules)
  const parent = book.tip
  const seals = [book.record(), book.record({ frontier: book.frontier(people.slice(0, 1)) })]
  const common = book.commits.map((it) => it.order)
  const handOf = (person: Person): Hand => {
    const prev = book.commits.findLast((it) => it.device === person.device)?.order ?? -1
    return { person, prev, heard: new Set(common), round: 0 }
  }
  const hands = [...people, ...people.slice(0, 1)].map(handOf)
  const verdicts = new Map<number, string>()
  const write = (hand: Hand, entry: AuthorityEntry): string => {
    const verdict = book.write(hand.person, entry, {
      prev: hand.prev,
      seen: [...hand.heard],
      epoch: parent.id,
    })
    const { order } = book.last
    hand.prev = order
    hand.heard.add(order)
    verdicts.set(order, verdict)
    return verdict
  }
  for (const it of steps) {
    const hand = hands[it.hand % hands.length] as Hand
    if (it.act === 'hear') {
      const other = hands[it.from % hands.length] as Hand
      // The two histories of the cheat stay apart: else it would only be late.
      if (other.person.device !== hand.person.device) for (const order of other.heard) hand.heard.add(order)
    } else if (it.act === 'advance') {
      if (write(hand, { t: 'advance', parent: parent.id, round: hand.round + it.by }) === 'ok')
        hand.round += it.by
    } else {
      const seal = seals[it.seal] as Uint8Array
      write(hand, { t: it.act, round: hand.round, seal: it.byId && it.act === 'sign' ? sha256(seal) : seal })
    }
  }
  return { book, verdicts, parent: parent.name, children: parent.children.map((it) => it.name) }
}

/** All commits in another order in which what is known comes first. */
function shuffled(commits: readonly Written[], picks: readonly number[]): Written[] {
  const left = new Set(commits)
  const taken = new Set<number>()
  const order: Written[] = []
  for (let i = 0; left.size > 0; i += 1) {
    const ready = [...left].filter((it) =>
      [...it.past].every((known) => known === it.order || taken.has(known)),
    )
    const next = ready[(picks[i % picks.length] ?? 0) % ready.length] as Written
    left.delete(next)
    taken.add(next.order)
    order.push(next)
  }
  return order
}

const steps = (max: number): fc.Arbitrary<Step[]> =>
  fc.array(step, { minLength: 20, maxLength: max, size: 'max' })

test('whatever people, delays and one double signer do, an epoch has one committed child', () => {
  let committed = 0
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 5 }), steps(140), (n, history) => {
      const { children } = play(n, {}, history)
      committed += children.length
      expect(children.length).toBeLessThanOrEqual(1)
    }),
    { numRuns: 150 },
  )
  expect(committed).toBeGreaterThan(0)
})

test('every order of delivery gives the same epochs, tip, verdicts and state', () => {
  fc.assert(
    fc.property(
      ...[fc.integer({ min: 2, max: 4 }), fc.constantFrom('two-thirds' as const, 'majority' as const)],
      ...[steps(60), fc.array(count, { minLength: 8, maxLength: 40 })],
      (n, quorum, history, picks) => {
        const { book, verdicts, parent } = play(n, { quorum }, history)
        const other = book.replica()
        const others = new Map(shuffled(book.commits, picks).map((it) => [it.order, other.take(it)]))
        for (const [order, verdict] of verdicts) expect(others.get(order)).toBe(verdict)
        const names = (state: AuthorityBook['state']): string[] =>
          (state.epochs.find(parent)?.children ?? []).map((it) => it.name).sort()
        expect(names(other.state)).toEqual(names(book.state))
        expect(other.state.epochs.tip.name).toBe(book.tip.name)
        expect(toHex(other.state.stateHash())).toBe(toHex(book.state.stateHash()))
      },
    ),
    { numRuns: 60 },
  )
})

test('by plain majority one double signer can split the line, and the histories above get there', () => {
  const splits = fc
    .sample(steps(140), { numRuns: 150, seed: 1 })
    .filter((history) => play(3, { quorum: 'majority' }, history).children.length > 1)
  expect(splits.length).toBeGreaterThan(0)
})
