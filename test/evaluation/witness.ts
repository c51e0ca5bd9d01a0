import type { Standing, UnitTotals, VoidReason } from '#protocol/evaluation'
import type { Item } from './intake.ts'
import type { Store, World } from './world.ts'

/**
 * What a replica says of what it stores, in numbers of the world: laws are held against it, whether the evaluation
 * speaks or the oracle with a rule switched off.
 */
export interface Witness {
  readonly world: World
  readonly store: Store
  /** World id of the last seal of the line. */
  readonly tip: number
  /** True while something waits for what it needs. */
  readonly isStuck: boolean
  /** Takes an item, now or once it is ready; `step` is called after each that is taken in. */
  receive(item: Item, step?: () => void): void
  voidReason(id: number): VoidReason | null
  left(id: number, account: string): bigint
  /** Accepted transfers of a commit, as `commit.act`, sorted. */
  accepts(id: number): string[]
  /** Commits that accepted the act. */
  acceptedBy(id: number, act: number): number[]
  standing(id: number): Standing
  isShown(id: number): boolean
  isCounted(id: number, act: number): boolean
  holding(device: number, account: string): bigint
  inFlightTo(device: number, account: string): bigint
  lossOf(device: number, unit: string): bigint
  totals(unit: string): UnitTotals
}

/** Makes a replica of a world that stores nothing yet. */
export type MakeWitness = (world: World) => Witness
