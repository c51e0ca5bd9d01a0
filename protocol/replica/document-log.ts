import type { DocumentKind, DocumentState } from '../document/index.ts'
import { CountList } from '../history/index.ts'
import type { History } from '../history/index.ts'

/** One document as a replica knows it: which commits carry its sections, and the state folded from them, if loaded. */
export class DocumentLog {
  readonly id: string
  /** Null for a kind that this version does not know: stored and passed on, not folded. */
  readonly kind: DocumentKind | null
  /** Orders of the commits with a section of this document. */
  readonly orders: CountList = new CountList()
  /** Null while nobody asked for it. */
  state: DocumentState | null = null
  /** Number of sections that `state` (or the summary) has taken in. */
  folded = 0
  /** Of these, sections whose verdict was a refusal. */
  refused = 0
  /** The section that was folded last, by the order of its commit; -1 when none was. */
  last = -1
  /**
   * True once a forked device wrote here: the verdicts on its branches depend on which comes first, so sections are
   * folded in the causal order that is the same on every replica instead of the log's.
   */
  isOrdered = false
  /** True when a section arrived that belongs before one that is folded: the state must be made anew. */
  isStale = false

  constructor(id: string, kind: DocumentKind | null) {
    this.id = id
    this.kind = kind
  }

  /** True when every stored section is in the state. */
  get isCurrent(): boolean {
    return !this.isStale && this.folded === this.orders.length
  }

  /** Orders of the next sections to fold, at most `count`. */
  next(count: number, history: History): number[] {
    if (this.isOrdered) return this.sections(history).slice(this.folded, this.folded + count)
    const length = Math.max(0, Math.min(count, this.orders.length - this.folded))
    return Array.from({ length }, (_, i) => this.orders.at(this.folded + i) ?? 0)
  }

  /** Orders of all sections in the order in which they are folded. */
  sections(history: History): number[] {
    const orders = Array.from({ length: this.orders.length }, (_, i) => this.orders.at(i) ?? 0)
    return this.isOrdered ? orders.sort((a, b) => history.compare(a, b)) : orders
  }
}
