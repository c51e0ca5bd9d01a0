import { expect } from 'vitest'
import type { VoidReason } from '#protocol/evaluation'
import type { Mesh } from './mesh.ts'
import type { OracleResult } from './oracle.ts'
import { ids } from './world.ts'

/**
 * Counts histories in which something worth testing was reached, so that a property cannot pass on dull ones.
 */
export class Reached {
  readonly #histories = new Map<string, number>()

  /** Notes that one more history did (or did not) reach the named state. */
  note(name: string, isReached: boolean): void {
    this.#histories.set(name, (this.#histories.get(name) ?? 0) + Number(isReached))
  }

  /** Adds to what is counted over all histories. */
  add(name: string, number: number): void {
    this.#histories.set(name, (this.#histories.get(name) ?? 0) + number)
  }

  /** Notes what a whole history reached. */
  noteHistory({ world, refused }: Mesh, result: OracleResult): void {
    const standings = [...result.standings.values()]
    const verdicts = [...result.verdicts.values()]
    const books = [...result.books.values()]
    const seals = world.seals.slice(1)
    const isParted = (id: number): boolean => {
      const { device, seq } = world.at(id)
      return world.commits.some((it) => it.id !== id && it.device === device && it.seq === seq)
    }
    const isBad = (id: number): boolean => {
      const standing = result.standings.get(id)
      return standing?.isContested === true || standing?.isLate === true
    }
    const acceptedOf = verdicts.flatMap((it) => it.accepts.map((name) => Number(name.split('.')[0])))
    const isForkIn = (commits: bigint, device: number): boolean => {
      const seqs = ids(commits).flatMap((id) => (world.at(id).device === device ? [world.at(id).seq] : []))
      return new Set(seqs).size < seqs.length
    }
    this.note(
      'fork known through others alone',
      world.commits.some(({ past, seen, id }) =>
        seen.some((head) => {
          const { device } = world.at(head)
          return isForkIn(past, device) && !isForkIn(result.verdicts.get(id)?.listed ?? 0n, device)
        }),
      ),
    )
    this.note('fork', [...result.standings.keys()].some(isParted))
    this.note(
      'settled branch of a fork',
      [...result.standings].some(([id, it]) => it.isSettled && isParted(id)),
    )
    this.note(
      'late',
      standings.some((it) => it.isLate),
    )
    this.note(
      'contested',
      standings.some((it) => it.isContested),
    )
    this.note('hidden', result.visible.size < result.standings.size)
    this.note('endorsed and bad', [...result.visible].some(isBad))
    this.note('accepted and bad', acceptedOf.some(isBad))
    this.note(
      'deficit',
      books.some((book) => book.holdings.some((held) => held < 0n)),
    )
    this.note(
      'issued aside',
      books.some((book) => book.issuedAside > 0n),
    )
    this.note(
      'sibling seals',
      seals.some((one) => seals.some((other) => one.id < other.id && one.parent === other.parent)),
    )
    for (const reason of REASONS)
      this.note(
        reason,
        verdicts.some((it) => it.voidBecause === reason),
      )
    this.note('honest and at the relay limit', refused.has('relay-limit'))
    for (const [from, into] of MOVES)
      this.note(
        `${from} to ${into}`,
        [...result.counted].some((name) => {
          const [id, index] = name.split('.').map(Number) as [number, number]
          const act = world.at(id).acts[index]
          return act?.kind === 'fact' && markOf(act.unit) === from && markOf(act.into ?? '') === into
        }),
      )
    this.note(
      'replaced',
      books.some((book) => book.replaced.some((amount) => amount > 0n)),
    )
  }

  /** Histories that reached a state, by its name. */
  get counts(): Record<string, number> {
    return Object.fromEntries(this.#histories)
  }

  /** Demands that each state was reached in at least that many histories. */
  expectAtLeast(least: Record<string, number>): void {
    const counts = Object.fromEntries(
      Object.keys(least).map((name) => [name, this.#histories.get(name) ?? 0]),
    )
    for (const [name, number] of Object.entries(least))
      expect(counts[name], `'${name}' in ${JSON.stringify(counts)}`).toBeGreaterThanOrEqual(number)
  }
}

const REASONS: readonly VoidReason[] = [
  'uncovered',
  'epoch-outdated',
  'malformed',
  'void-before',
  'unknown-unit',
  'defined-twice',
  'relay-limit',
]

/** Moves that people make, by the names of the accounts. */
const MOVES: readonly (readonly [from: string, into: string])[] = [
  ['right', 'held'],
  ['held', 'right'],
  ['held', 'used'],
  ['used', 'held'],
  ['held', 'returned'],
  ['credit', 'held'],
  ['held', 'credit'],
  ['held', 'written'],
]

function markOf(account: string): string {
  const names: Record<string, string> = {
    '+': 'right',
    '-': 'used',
    '~': 'returned',
    '=': 'credit',
    '!': 'written',
  }
  return account === '' ? 'nowhere' : (names[account.slice(-1)] ?? 'held')
}
