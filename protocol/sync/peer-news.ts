import { CountList } from '../history/index.ts'
import type { HeadRow, Replica } from '../replica/index.ts'
import { ANNOUNCE_DELAY_MS, ANNOUNCE_EVERY_MS } from './limits.ts'

/** What is here and one peer may not have, and when it is told of that. */
export class PeerNews {
  /** When it is told next, ms; null while there is nothing to tell. */
  atMs: number | null = null
  readonly #replica: Replica
  readonly #hasPassedOn: ((order: number) => boolean) | null
  /** Length of each branch, by its index, that the peer is known to have. */
  readonly #lengths = new CountList()
  /** Places in the log: from one on commits may be news, and those before the other are told next. */
  #from = 0
  #to = 0
  /** When it was told last, ms. */
  #toldAtMs = -Infinity
  /** Forked devices of which the peer was told, or needs not be. */
  readonly #toldForks = new Set<number>()
  /** Those of which it was told while news are gathered, and of which nothing has come since. */
  readonly #justTold = new Set<number>()

  /** @param hasPassedOn - true for commits that the peer passed on by another way than this stream; null: there is none */
  constructor(replica: Replica, hasPassedOn: ((order: number) => boolean) | null) {
    this.#replica = replica
    this.#hasPassedOn = hasPassedOn
  }

  /** The roots were told: what is here now is no news. */
  start(): void {
    this.#from = this.#replica.logLength
    for (const device of this.#replica.forkEnds.forked) this.#toldForks.add(device)
  }

  /** The peer is known to have this commit. */
  peerHas(order: number): void {
    const { history } = this.#replica
    this.#lengths.raise(history.branchIndexOf(order), history.seqOf(order) + 1)
  }

  /** Takes into account that these devices' chains got longer; forks that the peer must be told of at once, by device. */
  changed(devices: readonly number[], nowMs: number): number[] {
    const { forked } = this.#replica.forkEnds
    if (this.atMs !== null && forked.size === 0) return []
    const forks: number[] = []
    for (const device of devices) {
      if (!this.#replica.forkEnds.of(device).some((end) => this.#isNews(end))) continue
      if (forked.has(device) && !this.#toldForks.has(device)) {
        this.#toldForks.add(device)
        this.#justTold.add(device)
        forks.push(device)
        continue
      }
      this.#justTold.delete(device)
      this.#gather(nowMs)
    }
    return forks
  }

  /** Rows that the peer may not know, of what was gathered; what came later is gathered on. */
  take(nowMs: number): HeadRow[] {
    this.atMs = null
    this.#toldAtMs = nowMs
    const { history, heads, logLength } = this.#replica
    let devices: Set<number> | null = null
    const to = Math.min(this.#to, logLength)
    for (let order = this.#from; order < to; order += 1)
      if (this.#isNews(order)) (devices ??= new Set()).add(history.deviceOf(order))
    this.#from = to
    if (devices !== null) for (const device of this.#justTold) devices.delete(device)
    this.#justTold.clear()
    if (to < logLength) this.#gather(nowMs)
    if (devices === null) return []
    return [...devices].flatMap((device) =>
      heads.rowsOf(device).filter((row) => this.#isNews(history.find(row.id))),
    )
  }

  /** The stream takes nothing more now: what is gathered is told later, with what comes until then. */
  postpone(nowMs: number): void {
    this.atMs = null
    this.#gather(nowMs)
  }

  #gather(nowMs: number): void {
    if (this.atMs !== null) return
    this.atMs = Math.max(nowMs + ANNOUNCE_DELAY_MS, this.#toldAtMs + ANNOUNCE_EVERY_MS)
    // What comes from now on may yet come from the peer as well.
    this.#to = this.#hasPassedOn === null ? Infinity : this.#replica.logLength
  }

  /** True for a commit that the peer may not have. */
  #isNews(order: number): boolean {
    if (this.#hasPassedOn?.(order) === true) return false
    const { history } = this.#replica
    return history.seqOf(order) >= (this.#lengths.at(history.branchIndexOf(order)) ?? 0)
  }
}
