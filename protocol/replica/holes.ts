import { payloadOf, withoutPayloads } from '../commit/index.ts'
import type { CommitRecord } from '../commit/index.ts'
import { equalBytes } from '../encoding/index.ts'
import type { History } from '../history/index.ts'
import type { DocumentLog } from './document-log.ts'

/** Documents that one device may decline. A guess: a list that a person keeps; it fits one small frame. */
export const DECLINED_MAX = 64

/** A payload that came after its commit. */
export interface LatePayload {
  /** Id of the commit, and its place in the log. */
  id: Uint8Array
  order: number
  document: string
  payload: Uint8Array
}

/** What holes stand on. */
export interface HolesParts {
  history: History
  /** Key of this device; null on a replica that only reads. */
  own: Uint8Array | null
  /** What is kept of a document, made when there is nothing yet. */
  logOf: (document: string) => DocumentLog
  /** A document can no longer be open. */
  close: (log: DocumentLog) => void
  /** A document can be open again. */
  ready: (log: DocumentLog) => void
}

/**
 * Which payloads are not here although their commits are, and which documents this device declines. A document is open
 * only when all its payloads are here, since its sections build on each other.
 */
export class Holes {
  readonly #parts: HolesParts
  #declined: ReadonlySet<string> = new Set()
  /** Documents with payloads that are not here. */
  readonly #open = new Set<DocumentLog>()
  /** Who is asking a peer for payloads of a document, so that no other session asks for the same. */
  readonly claims: Map<string, object> = new Map()

  constructor(parts: HolesParts) {
    this.#parts = parts
  }

  /** Documents whose payloads this device does not want. */
  get declined(): ReadonlySet<string> {
    return this.#declined
  }

  /** Sets the documents that this device declines; at most `DECLINED_MAX`. What is here of them stays. */
  decline(documents: readonly string[]): void {
    if (documents.length > DECLINED_MAX) throw new RangeError(`more than ${DECLINED_MAX} declined documents`)
    const declined = new Set(documents)
    const changed = [...declined, ...this.#declined].map((it) => this.#parts.logOf(it))
    if (changed.some((log) => log.kind?.isAlwaysSent !== false))
      throw new RangeError('a document of this kind cannot be declined')
    this.#declined = declined
    for (const log of changed) {
      const isDeclined = declined.has(log.id)
      if (log.isDeclined === isDeclined) continue
      log.isDeclined = isDeclined
      log.wantedAnewCount += 1
      if (isDeclined) this.#parts.close(log)
      else this.#settle(log)
    }
  }

  /** Documents of which peers should be asked for payloads. */
  wanted(): DocumentLog[] {
    if (this.#open.size === 0) return NO_LOGS
    return [...this.#open].filter((log) => log.wantedCount > 0)
  }

  /** Places in a document, from one on, at most `count`, whose payloads peers should be asked for. */
  next(log: DocumentLog, from: number, count: number): number[] {
    const places: number[] = []
    for (let place = from; place < log.orders.length && places.length < count; place += 1)
      if (log.isMissing(place) && (!log.isDeclined || this.#isOwn(log.orders.at(place) ?? -1)))
        places.push(place)
    return places
  }

  /** True when the payload of a commit's section in a document is not here. */
  has(document: string, order: number): boolean {
    const log = this.#parts.logOf(document)
    const place = log.placeOf(order)
    return place >= 0 && log.isMissing(place)
  }

  /** The newest commit came without its payload for a document. */
  note(log: DocumentLog, order: number): void {
    this.#add(log, log.orders.length - 1, order)
  }

  /** A payload that was here is not here any more. */
  lose(document: string, order: number): void {
    const log = this.#parts.logOf(document)
    const place = log.placeOf(order)
    if (place < 0 || log.isMissing(place)) return
    log.wantedAnewCount += 1
    this.#add(log, place, order)
  }

  #add(log: DocumentLog, place: number, order: number): void {
    log.setMissing(place, true, this.#isOwn(order))
    this.#open.add(log)
    this.#parts.close(log)
  }

  /** A payload came; false when it was not missing. */
  fill(document: string, order: number): boolean {
    const log = this.#parts.logOf(document)
    const place = log.placeOf(order)
    if (place < 0 || !log.setMissing(place, false, this.#isOwn(order))) return false
    this.#settle(log)
    return true
  }

  /** Of a commit that is here already, the payloads that are missing and wanted: they count as here from now on. */
  takeLate(record: CommitRecord): LatePayload[] {
    if (this.#open.size === 0) return []
    const order = this.#parts.history.find(record.id)
    if (order < 0) return []
    return record.header.sections.flatMap(({ document }) => {
      const payload = payloadOf(record, document)
      const isTaken = payload !== null && this.fill(document, order)
      return isTaken ? [{ id: record.id, order, document, payload }] : []
    })
  }

  /** The records without payloads that this device declines. What it wrote itself it always keeps. */
  strip(records: readonly CommitRecord[]): readonly CommitRecord[] {
    const declined = this.#declined
    const { own } = this.#parts
    if (declined.size === 0) return records
    return records.map((record) =>
      own !== null && equalBytes(record.header.device, own)
        ? record
        : withoutPayloads(record, (document) => declined.has(document)),
    )
  }

  #settle(log: DocumentLog): void {
    if (log.missingCount === 0) this.#open.delete(log)
    if (!log.isWithheld && log.orders.length > 0) this.#parts.ready(log)
  }

  #isOwn(order: number): boolean {
    const { own, history } = this.#parts
    return own !== null && history.isBy(order, own)
  }
}

const NO_LOGS: DocumentLog[] = []
