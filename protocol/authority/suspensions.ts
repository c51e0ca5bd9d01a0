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
  seq: number
  /** Epoch that it was written in, hex. */
  epoch: string
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
  /** By chain and epoch: more than the limit only of a chain that has parted. */
  readonly #byChain = new Map<string, Suspension[]>()
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
      const { order, seq, device: by } = act
      const epoch = act.cited.name
      const suspension = { commit, order, seq, epoch, device, by, reason: entry.reason }
      push(this.#byChain, key, suspension)
      push(this.#byDevice, device, suspension)
      this.#byCommit.set(commit, suspension)
    }
  }

  /** A suspension by its commit, hex, be it shown or not. */
  find(commit: string): Suspension | null {
    return this.#byCommit.get(commit) ?? null
  }

  /** Suspensions of a device (hex) that are shown, among the first of their chain, and that no seal of the line lifts. */
  of(device: string, line: Epoch): Suspension[] {
    return (this.#byDevice.get(device) ?? []).filter(
      (it) =>
        this.#host.isVisible(it.order) && !this.#tree.lifted.has(it.commit, line) && this.#isAmongFirst(it),
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

  /** Each way of a chain that has parted has a quota of its own; together they have no more. */
  #isAmongFirst(suspension: Suspension): boolean {
    const all = this.#byChain.get(`${suspension.by}/${suspension.epoch}`) ?? []
    const isBefore = (it: Suspension): boolean =>
      it.seq < suspension.seq || (it.seq === suspension.seq && it.commit < suspension.commit)
    const before = all.filter((it) => this.#host.isVisible(it.order) && isBefore(it))
    return before.length < SUSPENSIONS_PER_EPOCH_MAX
  }

  clear(): void {
    this.#byDevice.clear()
    this.#byChain.clear()
    this.#byCommit.clear()
    this.#counts.clear()
  }
}
