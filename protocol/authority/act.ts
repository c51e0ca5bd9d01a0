import type { SectionContext } from '../document/index.ts'
import type { Epoch } from './epoch.ts'

/** Why an authority section was refused. Stable: the CLI and pages translate these. */
export type AuthorityRefusal =
  | 'entries'
  | 'unknown-epoch'
  | 'epoch-outdated'
  | 'left'
  | 'genesis'
  | 'no-slots'
  | 'invite-known'
  | 'invite-unknown'
  | 'invite-foreign'
  | 'invite-revoked'
  | 'invite-used'
  | 'invite-full'
  | 'already-admitted'
  | 'replaced-unknown'
  | 'replaced-foreign'
  | 'member-unknown'
  | 'member-removed'
  | 'device-closed'
  | 'device-unknown'
  | 'certificate'
  | 'proof'
  | 'not-steward'
  | 'suspension-quota'
  | 'role'
  | 'proposal-quota'
  | 'proposal-unknown'
  | 'proposal-decided'
  | SealRefusal
  | BallotRefusal
  | RecoveryRefusal

/** Why a record does not hold for a commit. */
export type SealRefusal =
  | 'record'
  | 'parent'
  | 'height'
  | 'frontier-unknown'
  | 'frontier-off-branch'
  | 'frontier-twice'
  | 'frontier-doubtful'
  | 'fork-unproven'
  | 'not-left'
  | 'approval'
  | 'no-quorum'
  | 'decision-unfit'

/** Why an act has no place in its ballot. */
export type BallotRefusal =
  | 'round-passed'
  | 'round-ahead'
  | 'round-closed'
  | 'supported-another'
  | 'prepared-another'
  | 'not-prepared'

/** Why nobody can be recovered by this act. */
export type RecoveryRefusal = 'recovery-rule' | 'not-elector' | 'recovered-another'

/** What an act that is not refused does. */
export type Effect = () => void
/** The refusal of an act, or what it does. */
export type ActVerdict = AuthorityRefusal | Effect

/** The section of an act, and the epoch that its commit cites. */
export interface Act extends SectionContext {
  /** Never null: a section of an unknown epoch is refused before. */
  readonly cited: Epoch
}

/**
 * What the acts of each chain left behind, so that the next is judged without a look at all that came before. A chain
 * that has parted has several ends.
 */
export class Trail<T> {
  readonly #points = new Map<string, { order: number; state: T }[]>()

  /** What the acts before this one on its own chain left behind; undefined for nothing. */
  before(act: SectionContext, key: string = act.device): T | undefined {
    return this.#points.get(key)?.findLast((it) => act.follows(it.order))?.state
  }

  /** What the newest act left behind: of a chain that has not parted, its end. */
  last(key: string): T | undefined {
    return this.#points.get(key)?.at(-1)?.state
  }

  /** `key`: of the trail, if it is not the device; the same chain may leave several. */
  add(act: SectionContext, state: T, key: string = act.device): void {
    push(this.#points, key, { order: act.order, state })
  }

  clear(): void {
    this.#points.clear()
  }
}

/** Adds an item to the list under a name. */
export function push<T>(map: Map<string, T[]>, name: string, item: T): T[] {
  const items = map.get(name)
  if (items === undefined) {
    const first = [item]
    map.set(name, first)
    return first
  }
  items.push(item)
  return items
}
