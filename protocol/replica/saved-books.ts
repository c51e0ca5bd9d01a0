import { equalBytes } from '../encoding/index.ts'
import { SnapshotReader, SnapshotWriter } from '../evaluation/index.ts'
import type { History } from '../history/index.ts'
import type { Documents } from './documents.ts'
import type { Epochs } from './epochs.ts'
import type { Visibility } from './visibility.ts'

/** What a replica saves of its first commits, so that it need not be told again what they did. */
export interface SavedBooks {
  /** How many commits they stand for. */
  readonly length: number
  /** Id of the last of them. */
  readonly last: Uint8Array
  /** Devices (numbers of the history) that have, or had, commits that are not good, with the lowest seq of one. */
  readonly doubted: readonly (readonly [device: number, seq: number])[]
  /** What `Evaluation.save` gave. */
  readonly evaluation: Uint8Array
  /** What documents keep that are read off the books, by id. */
  readonly states: ReadonlyMap<string, Uint8Array>
}

/** Why saved books are of no use. */
export type BooksLoss =
  /** They say that they stand for commits that the log does not have so. */
  | 'misfit'
  /** A commit parts a chain below what they stand for, or starts it anew. */
  | 'reach'

/** Goes up with each change of what is written here, and of what an opened replica would say of the same commits. */
const BOOKS_VERSION = 1
/** Longest saved books; longer ones are not saved. A guess: read and taken up in a second, 2,500 devices that all list each other. */
export const SAVED_BOOKS_BYTES_MAX = 33_554_432

/** What of a replica books are saved of, and taken up by. */
export interface BookKeepers {
  readonly history: History
  readonly epochs: Epochs
  readonly documents: Documents
  readonly visibility: Visibility
}

/** Bytes of the books of all commits, of which every authority section is folded; null when they cannot be saved. */
export function saveBooks({ history, epochs, documents, visibility }: BookKeepers): Uint8Array | null {
  const { length } = history
  const kept = epochs.length === length && length > 0 && epochs.booksLoss === null ? documents.keep() : null
  if (kept === null) return null
  const states = new Map([...kept].map(([id, { bytes }]) => [id, bytes]))
  const evaluation = epochs.evaluation.save([...kept.values()].flatMap(({ marks }) => marks))
  const doubted = [...visibility.doubted]
  return encodeBooks({ length, last: history.idOf(length - 1), doubted, evaluation, states })
}

/** Takes up saved books when all commits that they stand for are here, and no other; where they do not fit, they are lost. */
export function takeUpBooks(
  books: SavedBooks,
  { history, epochs, documents, visibility }: BookKeepers,
): void {
  const { length, last, doubted, evaluation, states } = books
  const isOurs = equalBytes(last, history.idOf(length - 1))
  const isFitting = isOurs && doubted.every(([device]) => device < history.deviceCount)
  if (!isFitting || !epochs.resume(evaluation) || !documents.resume(states)) return epochs.loseBooks('misfit')
  const changed = visibility.resume(length, doubted)
  if (changed.size > 0) documents.showAnew(changed)
  if (visibility.hasDoubts) documents.review()
}

/** Bytes of saved books; null when they are too long. */
function encodeBooks({ length, last, doubted, evaluation, states }: SavedBooks): Uint8Array | null {
  const out = new SnapshotWriter()
  out.count(BOOKS_VERSION)
  out.count(length)
  out.bytes(last)
  out.list(doubted, ([device, seq]) => {
    out.count(device)
    out.count(seq)
  })
  out.list([...states], ([id, kept]) => {
    out.text(id)
    out.bytes(kept)
  })
  out.bytes(evaluation)
  const bytes = out.result()
  return bytes.length <= SAVED_BOOKS_BYTES_MAX ? bytes : null
}

/** The books, or null for bytes of another version or none of `encodeBooks`. Never throws. */
export function decodeBooks(bytes: Uint8Array): SavedBooks | null {
  const from = new SnapshotReader(bytes)
  if (from.count() !== BOOKS_VERSION) return null
  const [length, last] = [from.count(), from.bytes()]
  const doubted = from.list((): [number, number] => [from.count(), from.count()])
  const states = new Map(from.list((): [string, Uint8Array] => [from.text(), from.bytes()]))
  const evaluation = from.bytes()
  const isWhole = from.isAtEnd && !from.isOff && length > 0 && last.length === 32
  return isWhole ? { length, last, doubted, evaluation, states } : null
}
