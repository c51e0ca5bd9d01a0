import type { Decision, WorldConfig } from '../world/index.ts'

/** Everything that fixes a run, as plain data. Equal plans under equal code give equal bytes. */
export interface RunPlan {
  readonly scenario: string
  /** An integer from 0 to 2^53 - 1. */
  readonly seed: number
  /** `fast`: a keyed hash in place of signatures. */
  readonly crypto: 'real' | 'fast'
  /** Events after which a run counts as one that never ends. */
  readonly eventsMax: number
  readonly world: WorldConfig
  /** What happens; null: what the world draws. */
  readonly decisions: readonly Decision[] | null
}
