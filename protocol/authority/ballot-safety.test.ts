import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coopOf } from '../../test/actors/authority-book.ts'
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

/** A hand hears what those on its side of the wall have written up to here, then does what it may do next. */
interface Step {
  hand: number
  isListening: boolean
  isAdvance: boolean
  /** The seal that it likes best. */
  seal: number
}

/** For a while the hands are on two sides, the bits of `wall`, and neither side hears of the other. */
interface Phase {
  wall: number
  steps: readonly Step[]
}

const step: fc.Arbitrary<Step> = fc.record({
  hand: fc.nat({ max: 59 }),
  isListening: fc.nat({ max: 3 }).map((it) => it > 0),
  isAdvance: fc.nat({ max: 3 }).map((it) => it === 0),
  seal: fc.nat({ max: 1 }),
})

const coops = new Map<string, ReturnType<typeof coopOf>>()

/** A co-op of n stewards; made once, copied each time. */
function freshCoop(n: number, rules: Partial<Genesis>): ReturnType<typeof coopOf> {
  const key = `${n}/${rules.quorum}`
  const made = coops.get(key) ?? coopOf(n, rules)
  coops.set(key, made)
  return { ...made, book: made.book.copy() }
}

interface Played {
  book: AuthorityBook
  /** Epochs that follow the one in which all voted. */
  children: string[]
  parent: string
  /** Valid commits of the ballot. */
  votes: number[]
}

/** Plays the steps in a co-op of n stewards of whom the first has two histories. */
function play(n: number, rules: Partial<Genesis>, history: readonly Phase[]): Played {
  const { book, people } = freshCoop(n, rules)
  const parent = book.tip
  const seals = [book.record(), book.record({ frontier: book.frontier(people.slice(0, 1)) })]
  const common = book.commits.map((it) => it.order)
  const handOf = (person: Person): Hand => {
    const prev = book.commits.findLast((it) => it.device === person.device)?.order ?? -1
    return { person, prev, heard: new Set(common), round: 0 }
  }
  const hands = [...people, ...people.slice(0, 1)].map(handOf)
  const votes: number[] = []
  const attempt = (hand: Hand, entry: AuthorityEntry): boolean => {
    const options = { prev: hand.prev, seen: [...hand.heard], epoch: parent.id }
    if (book.attempt(hand.person, entry, options) === null) return false
    const { order } = book.last
    hand.prev = order
    hand.heard.add(order)
    votes.push(order)
    return true
  }
  const moves = history.flatMap(({ wall, steps }) => steps.map((it) => ({ ...it, wall })))
  for (const { hand: index, isListening, isAdvance, seal: first, wall } of moves) {
    const at = index % hands.length
    const hand = hands[at] as Hand
    const isNear = (i: number): boolean => ((wall >> i) & 1) === ((wall >> at) & 1)
    for (const [i, other] of hands.entries())
      if (isListening && isNear(i)) for (const order of other.heard) hand.heard.add(order)
    const liked = [first, 1 - first].map((it) => seals[it] as Uint8Array)
    const { round } = hand
    if (isAdvance) hand.round += Number(attempt(hand, { t: 'advance', parent: parent.id, round: round + 1 }))
    else if (!liked.some((seal) => attempt(hand, { t: 'sign', round, seal })))
      liked.find((seal) => attempt(hand, { t: 'support', round, seal }))
  }
  return { book, votes, parent: parent.name, children: parent.children.map((it) => it.name) }
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

const histories = (phases: number): fc.Arbitrary<Phase[]> =>
  fc.array(
    fc.record({
      wall: fc.nat({ max: 63 }),
      steps: fc.array(step, { minLength: 8, maxLength: 24, size: 'max' }),
    }),
    { minLength: 1, maxLength: phases, size: 'max' },
  )

test('whatever people, delays and one double signer do, an epoch has one committed child', () => {
  let committed = 0
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 5 }), histories(4), (n, history) => {
      const { children } = play(n, {}, history)
      committed += children.length
      expect(children.length).toBeLessThanOrEqual(1)
    }),
    { numRuns: 400 },
  )
  expect(committed).toBeGreaterThan(0)
})

test('every order of delivery gives the same epochs, tip, verdicts and state', () => {
  fc.assert(
    fc.property(
      ...[fc.integer({ min: 2, max: 4 }), fc.constantFrom('two-thirds' as const, 'majority' as const)],
      ...[histories(3), fc.array(fc.nat({ max: 1_000 }), { minLength: 8, maxLength: 40 })],
      (n, quorum, history, picks) => {
        const { book, votes, parent } = play(n, { quorum }, history)
        const other = book.replica()
        const others = new Map(shuffled(book.commits, picks).map((it) => [it.order, other.take(it)]))
        for (const order of votes) expect(others.get(order)).toBe('ok')
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
    .sample(histories(4), { numRuns: 150, seed: 1 })
    .filter((history) => play(3, { quorum: 'majority' }, history).children.length > 1)
  expect(splits.length).toBeGreaterThan(0)
})
