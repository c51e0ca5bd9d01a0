import type { DocumentKind, DocumentState } from '../document/index.ts'
import { CountList } from '../history/index.ts'

/** One document as a replica knows it: which commits carry its sections, and the state folded from them, if loaded. */
export class DocumentLog {
  readonly id: string
  /** Null for a kind that this version does not know: stored and passed on, not folded. */
  readonly kind: DocumentKind | null
  /** Orders of the commits with a section of this document. */
  readonly orders: CountList = new CountList()
  /** Null while nobody asked for it. */
  state: DocumentState | null = null
  /** Number of sections that `state` has taken in, hidden ones included. */
  folded = 0
  /** Of these, sections whose verdict was a refusal. */
  refused = 0
  /** True once a device whose chain parted wrote here behind that place: what is kept of the document is of no use. */
  isContested = false
  /** True when other sections are shown than were folded: the state must be made anew. */
  isStale = false
  /** How often it was decided that other sections of it are shown than before. */
  shownAnew = 0

  constructor(id: string, kind: DocumentKind | null) {
    this.id = id
    this.kind = kind
  }

  /** True when every stored section is in the state. */
  get isCurrent(): boolean {
    return !this.isStale && this.folded === this.orders.length
  }

  /** Orders of the next sections to fold, at most `count`. */
  next(count: number): number[] {
    return this.sections(this.folded, count)
  }

  /** Orders of the sections from one on, at most `count`; of all by default. */
  sections(from: number = 0, count: number = Infinity): number[] {
    const length = Math.max(0, Math.min(count, this.orders.length - from))
    return Array.from({ length }, (_, i) => this.orders.at(from + i) ?? 0)
  }
}
