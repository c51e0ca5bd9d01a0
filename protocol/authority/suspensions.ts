import { toHex } from '../encoding/index.ts'
import type { DocumentHost } from '../document/index.ts'
import { Trail, push } from './act.ts'
import type { Act, ActVerdict } from './act.ts'
import type { Admissions } from './admissions.ts'
import type { SuspendEntry } from './entries.ts'
import type { Epoch } from './epoch.ts'
import type { EpochTree } from './epochs.ts'

/** Suspensions by one chain in one epoch. A guess: a cheat among stewards annoys four, not all. */
export const SUSPENSIONS_PER_EPOCH_MAX = 4

/** A request to keep away from a device. */
export interface Suspension {
  /** Commit of the act, hex. */
  commit: string
  order: number
  /** Suspended device, hex. */
  device: string
  /** Device that asks, hex. */
  by: string
  reason: string
}

/** Who is asked to be kept away from. */
export class Suspensions {
  readonly #host: DocumentHost
  readonly #tree: EpochTree
  readonly #admissions: Admissions
  readonly #byDevice = new Map<string, Suspension[]>()
  readonly #byCommit = new Map<string, Suspension>()
  readonly #counts = new Trail<number>()

  constructor(host: DocumentHost, tree: EpochTree, admissions: Admissions) {
    this.#host = host
    this.#tree = tree
    this.#admissions = admissions
  }

  suspend(entry: SuspendEntry, act: Act): ActVerdict {
    const device = toHex(entry.device)
    const known = this.#admissions.of(device).filter((it) => act.knows(it.order))
    const isOwn = known.some((it) => it.member === act.member)
    if (!act.cited.signers.has(act.device) && !isOwn) return 'not-steward'
    const key = `${act.device}/${act.cited.name}`
    const count = this.#counts.before(act, key) ?? 0
    if (count >= SUSPENSIONS_PER_EPOCH_MAX) return 'suspension-quota'
    if (known.length === 0) return 'device-unknown'
    return () => {
      this.#counts.add(act, count + 1, key)
      const commit = toHex(act.commit)
      const suspension = { commit, order: act.order, device, by: act.device, reason: entry.reason }
      push(this.#byDevice, device, suspension)
      this.#byCommit.set(commit, suspension)
    }
  }

  /** A suspension by its commit, hex, be it shown or not. */
  find(commit: string): Suspension | null {
    return this.#byCommit.get(commit) ?? null
  }

  /** Suspensions of a device (hex) that are shown and that no seal of the line lifts. */
  of(device: string, line: Epoch): Suspension[] {
    return (this.#byDevice.get(device) ?? []).filter(
      (it) => this.#host.isVisible(it.order) && !this.#tree.lifted.has(it.commit, line),
    )
  }

  /** Devices (hex) that were ever suspended. */
  devices(): string[] {
    return [...this.#byDevice.keys()].sort()
  }

  /** Commits (hex) of the shown ones, ascending. */
  summary(): string[] {
    return [...this.#byCommit.values()]
      .filter((it) => this.#host.isVisible(it.order))
      .map((it) => it.commit)
      .sort()
  }

  clear(): void {
    this.#byDevice.clear()
    this.#byCommit.clear()
    this.#counts.clear()
  }
}
