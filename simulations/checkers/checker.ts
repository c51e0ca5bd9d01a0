import type { Books, SimNode } from '../peers/index.ts'
import type { TradeView } from './trade-view.ts'

/** Something that must never be, or should be by now and is not. */
export interface Violation {
  /** Name of the checker. */
  readonly checker: string
  readonly kind: 'correctness' | 'liveness'
  readonly atUs: number
  /** In words, with the nodes and commits. */
  readonly detail: string
  /** Places in the network. */
  readonly nodes: readonly number[]
}

/** What checkers look at. */
export interface CheckedWorld {
  readonly nowUs: number
  /** Nodes that follow the protocol, in the order of their places. */
  readonly nodes: readonly SimNode[]
  /** Places of adversaries. */
  readonly adversaries: ReadonlySet<number>
  readonly books: Books
  /** Nodes that must agree in the end; empty before the faults are over. */
  readonly core: readonly SimNode[]
  /** Ids (hex) of commits of which a disk lost a copy to decay: nobody else need have them. */
  readonly rotted: ReadonlySet<string>
  /** When the core agreed; null: not yet. */
  readonly convergedUs: number | null
  /** Longest time from the healing to that, and when the faults ended; null: not yet. */
  readonly convergeUsMax: number
  readonly healedUs: number | null
  /** Bytes sent in a window after all was quiet, and what it should be at most; null before there was one. */
  readonly quiet: { bytes: number; bytesMax: number } | null
  /** True where stewards decide: what else follows from seals is looked at there only. */
  readonly isGoverned: boolean
  /** What is sold; null where nothing is. */
  readonly trade: TradeView | null
  /** When the core told of one line, and how long that may take from the end of the faults; null: not yet, not asked. */
  readonly lineUs: number | null
  readonly lineUsMax: number | null
  /** What people or keepers at a node have still to do, in words; null for nothing. */
  workOf(node: SimNode): string | null
  /** Honest nodes that reach each other without others: all that are back after the core agreed; empty before. */
  readonly reachable: readonly SimNode[]
  /** Honest nodes that are back as well, and that the others keep away from. */
  readonly outsiders: readonly SimNode[]
}

/** Looks at a world and names what is wrong. `at`: while it runs, or when its time is over. */
export type Checker = (world: CheckedWorld, at: 'running' | 'end') => Violation[]

/** A violation as of now. */
export function violation(
  world: CheckedWorld,
  what: { checker: string; kind: Violation['kind']; detail: string; nodes: readonly number[] },
): Violation {
  return { ...what, atUs: world.nowUs }
}

/** Violations of one checker in one look; more of the same tell nothing new. */
export const VIOLATIONS_MAX = 20
