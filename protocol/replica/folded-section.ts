import type { Role, SectionContext, Stretch } from '../document/index.ts'
import { fromHex } from '../encoding/index.ts'
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

  // Each a function of its own, as in a context that is written out: whoever is judged hands them on.

  get relies(): SectionContext['relies'] {
    return (order) => this.#parts.history.relies(this.order, order)
  }

  get knows(): SectionContext['knows'] {
    return (order) => this.#parts.history.knows(this.order, order)
  }

  get isGood(): SectionContext['isGood'] {
    return (order) => this.#parts.epochs.evaluation.isGoodFor(this.order, order)
  }

  get follows(): SectionContext['follows'] {
    return (order) => order !== this.order && this.#parts.history.isAtOrAfter(this.order, order)
  }

  get find(): SectionContext['find'] {
    return (commit) => this.#parts.history.find(commit)
  }

  get placeOf(): SectionContext['placeOf'] {
    const { history } = this.#parts
    return (order) => ({ device: history.nameOf(history.deviceOf(order)), seq: history.seqOf(order) })
  }

  get isAtOrAfter(): SectionContext['isAtOrAfter'] {
    return (order, earlier) => this.#parts.history.isAtOrAfter(order, earlier)
  }

  get forkSeq(): SectionContext['forkSeq'] {
    return (device) => forkSeqOf(this.#parts.history, [this.order], device)
  }

  get voidReason(): SectionContext['voidReason'] {
    return NEVER_VOID
  }
}

const NEVER_VOID = (): null => null

/** Lowest seq of which two commits of a device (hex) are in the past of these commits; Infinity without any. */
export function forkSeqOf(history: History, orders: readonly number[], device: string): number {
  const number = history.findDevice(fromHex(device) ?? new Uint8Array(32))
  return number < 0 || !history.forks.has(number) ? Infinity : history.forkSeqKnownTo(orders, number)
}
