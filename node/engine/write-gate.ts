import type { CoopError } from '#node/errors'
import type { Suspension } from './suspension.ts'

/** Stands before every local write: a device whose key was used elsewhere must not write on. */
export interface WriteGate {
  /** Why nothing may be written under this device's key; null while it may. */
  readonly refusal: CoopError | null
  /** What a peer proved of this device although the commits are not in the log; null when nothing was. */
  readonly suspension: Suspension | null
  /** Resolves once nothing has to be asked before the next write. */
  wait(): Promise<void>
  /** Called before commits of this device's key that it did not write are put on the disk. */
  foundElsewhere(): void
}
