import type { DocumentKind, DocumentState } from '../document/index.ts'
import { BitList, CountList } from '../history/index.ts'

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
  /** True when this device declines the document: it is not open, whatever of it is here. */
  isDeclined = false
  /** Sections whose payload is not here; while there are any, the document is not open. */
  missingCount = 0
  /** Of these, those that this device wrote itself. */
  ownMissingCount = 0
  /** How often payloads came to be wanted that had not been: one was lost, or the document is not declined any more. */
  wantedAnewCount = 0
  /** Places in `orders`. */
  readonly #missing = new BitList()
  /** How often it was decided that other sections of it are shown than before. */
  shownAnew = 0

  constructor(id: string, kind: DocumentKind | null) {
    this.id = id
    this.kind = kind
  }

  /** True when every stored section is in the state. */
  get isCurrent(): boolean {
    return this.kind?.isComputed === true || (!this.isStale && this.folded === this.orders.length)
  }

  /** True when the document cannot be open. */
  get isWithheld(): boolean {
    return this.isDeclined || this.missingCount > 0
  }

  /** Payloads that are missing and that peers should be asked for: of a declined document only those of this device. */
  get wantedCount(): number {
    return this.isDeclined ? this.ownMissingCount : this.missingCount
  }

  /** Place in `orders` of a commit; -1 for one without a section of this document. */
  placeOf(order: number): number {
    let low = 0
    let high = this.orders.length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.orders.at(middle) ?? 0) < order) low = middle + 1
      else high = middle
    }
    return this.orders.at(low) === order ? low : -1
  }

  /** True when the payload of the section at this place is not here. */
  isMissing(place: number): boolean {
    return this.#missing.has(place)
  }

  /** Notes whether the payload of the section at a place is missing; false when that was known. */
  setMissing(place: number, isMissing: boolean, isOwn: boolean): boolean {
    if (this.#missing.has(place) === isMissing) return false
    if (isMissing) this.#missing.add(place)
    else this.#missing.delete(place)
    const change = isMissing ? 1 : -1
    this.missingCount += change
    if (isOwn) this.ownMissingCount += change
    return true
  }

  /** Order of the next section to fold; undefined when all are folded. */
  get nextOrder(): number | undefined {
    return this.kind?.isComputed === true ? undefined : this.orders.at(this.folded)
  }

  /** Orders of the next sections to fold, at most `count`. */
  next(count: number): number[] {
    return this.kind?.isComputed === true ? [] : this.sections(this.folded, count)
  }

  /** Orders of the sections from one on, at most `count`; of all by default. */
  sections(from: number = 0, count: number = Infinity): number[] {
    const length = Math.max(0, Math.min(count, this.orders.length - from))
    return Array.from({ length }, (_, i) => this.orders.at(from + i) ?? 0)
  }
}
