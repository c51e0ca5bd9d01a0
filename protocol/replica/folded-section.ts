import type { Role, SectionContext, Stretch } from '../document/index.ts'
import { fromHex } from '../encoding/index.ts'
import type { VoidReason } from '../evaluation/index.ts'
import type { History } from '../history/index.ts'
import type { Epochs } from './epochs.ts'
import type { StoredCommit } from './documents.ts'
import type { Standing } from './standing.ts'
import type { Stretches } from './stretches.ts'

/** What sections of stored commits are judged by. */
export interface SectionParts {
  history: History
  stretches: Stretches
  epochs: Epochs
}

/** The section of a stored commit. Whatever a verdict does not ask for is not looked up: a co-op of thousands folds many. */
export class FoldedSection implements SectionContext {
  readonly document: string
  readonly commit: Uint8Array
  readonly order: number
  readonly device: string
  readonly seq: number
  readonly timeMs: number
  readonly role: Role
  readonly member: string
  readonly admission: string
  readonly entries: number
  readonly payload: Uint8Array
  readonly epoch: Uint8Array
  readonly #parts: SectionParts

  /** @param by - author, role under the epoch that the commit cites, and standing; null: it stands on no admission */
  constructor(
    parts: SectionParts,
    { order, record }: StoredCommit,
    section: { document: string; entries: number; payload: Uint8Array },
    by: { device: string; role: Role; standing: Standing | null },
  ) {
    const { header } = record
    this.#parts = parts
    this.document = section.document
    this.commit = record.id
    this.order = order
    this.device = by.device
    this.seq = header.seq
    this.timeMs = header.timeMs
    this.role = by.role
    this.member = by.standing?.member ?? ''
    this.admission = by.standing?.admission ?? ''
    this.entries = section.entries
    this.payload = section.payload
    this.epoch = header.epoch
  }

  get stretch(): Stretch {
    return this.#parts.stretches.of(this.order)
  }

  relies(order: number): boolean {
    return this.#parts.history.relies(this.order, order)
  }

  knows(order: number): boolean {
    return this.#parts.history.knows(this.order, order)
  }

  isGood(order: number): boolean {
    return this.#parts.epochs.evaluation.isGoodFor(this.order, order)
  }

  follows(order: number): boolean {
    return order !== this.order && this.#parts.history.isAtOrAfter(this.order, order)
  }

  find(commit: Uint8Array): number {
    return this.#parts.history.find(commit)
  }

  placeOf(order: number): { device: string; seq: number } {
    const { history } = this.#parts
    return { device: history.nameOf(history.deviceOf(order)), seq: history.seqOf(order) }
  }

  isAtOrAfter(order: number, earlier: number): boolean {
    return this.#parts.history.isAtOrAfter(order, earlier)
  }

  forkSeq(device: string): number {
    return forkSeqOf(this.#parts.history, [this.order], device)
  }

  voidReason(): VoidReason | null {
    return null
  }
}

/** Lowest seq of which two commits of a device (hex) are in the past of these commits; Infinity without any. */
export function forkSeqOf(history: History, orders: readonly number[], device: string): number {
  const number = history.findDevice(fromHex(device) ?? new Uint8Array(32))
  return number < 0 || !history.forks.has(number) ? Infinity : history.forkSeqKnownTo(orders, number)
}
