import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Logger } from 'pino'
import { BoardState, CacheMismatch } from '#protocol/board'
import { decodeRecord } from '#protocol/commit'
import type { DocumentState } from '#protocol/document'
import { SharedValues, equalBytes } from '#protocol/encoding'
import type { Crypto } from '#protocol/identity'
import type { Replica, StoredCommit } from '#protocol/replica'
import type { ServedCommit } from '#protocol/sync'
import { CoopError } from '#node/errors'

/** Commits folded before the event loop gets a turn: some milliseconds, as much as an intake takes. */
export const FOLD_COMMITS = 128

/** A stored commit that a document needs cannot be read. */
export class UnreadableCommit extends CoopError {
  readonly document: string
  /** Its place in the log. */
  readonly order: number

  constructor(document: string, order: number) {
    super(
      'data-damaged',
      `the stored commit ${order}, which '${document}' needs, cannot be read`,
      'Connect to another device of the co-op: what it holds is fetched again. `coop doctor` names all that is damaged.',
    )
    this.document = document
    this.order = order
  }
}

/** Where a fold reads commits from. */
export interface FoldSource {
  replica: Replica
  crypto: Crypto
  log: Logger
  /** Commits at these places, as a prefix; none when the first cannot be read. */
  read: (orders: readonly number[]) => Promise<ServedCommit[]>
  /** Does something while no batch of a peer is taken in. */
  alone: (work: () => Promise<void>) => Promise<void>
  /** Told of a place where another commit lies than belongs there. */
  noteDamaged: (order: number) => void
}

/** Folds the sections that a document lacks, however many come meanwhile; null for an unknown kind, or without payloads. */
export async function foldDocument(id: string, source: FoldSource): Promise<DocumentState | null> {
  const { replica } = source
  try {
    if (replica.openDocument(id) === null) return null
    const log = replica.documentLog(id)
    if (log === null) return null
    const isDone = (): boolean => log.isCurrent || log.isStale || log.isWithheld || replica.booksLoss !== null
    const foldNext = async (): Promise<void> => {
      const commits = await readSections(id, log.next(FOLD_COMMITS), source)
      // Meanwhile a fork may have had it made anew, with these in it.
      if (!log.isStale && commits[0]?.order === log.next(1)[0]) replica.documents.fold(id, commits)
      await nextTurn()
    }
    while (!isDone() && log.next(FOLD_COMMITS).length === FOLD_COMMITS) await foldNext()
    // The last ones while no more come in bulk: else a fold is never done while the node catches up.
    if (!isDone())
      await source.alone(async () => {
        while (!isDone()) await foldNext()
      })
    // Kept before its last commits were on the disk, and then the power was cut: it shows what nobody wrote.
    if (!log.isStale && log.state instanceof BoardState && log.state.isAhead) throw new CacheMismatch(id)
    return log.state
  } catch (cause) {
    if (!(cause instanceof CacheMismatch)) throw cause
    source.log.warn({ document: id }, 'a kept document does not match the log; rebuilding it')
    replica.documents.forget(id)
    return foldDocument(id, source)
  }
}

/**
 * Makes a document anew of which other sections are shown than were folded; true when that is done. Its old state stays in
 * place until then.
 */
export async function rebuildDocument(id: string, source: Omit<FoldSource, 'log'>): Promise<boolean> {
  const { replica } = source
  if (!replica.documents.isStale(id)) return false
  const rebuild = replica.documents.rebuilding(id)
  const foldNext = async (): Promise<void> => {
    rebuild.fold(await readSections(id, rebuild.next(FOLD_COMMITS), source))
    await nextTurn()
  }
  while (!rebuild.isDone) {
    while (rebuild.next(FOLD_COMMITS).length === FOLD_COMMITS) await foldNext()
    // The last ones, and what comes meanwhile, so that it ends however busy the document is.
    await source.alone(async () => {
      const { begun } = rebuild
      while (rebuild.next(1).length > 0 && rebuild.begun === begun) await foldNext()
      if (rebuild.begun === begun) rebuild.finish()
    })
  }
  return true
}

/** Commits that bear sections of a document, as a prefix of `orders`, at least one; throws `UnreadableCommit`. */
export async function readSections(
  id: string,
  orders: readonly number[],
  source: Omit<FoldSource, 'log' | 'alone'>,
): Promise<StoredCommit[]> {
  const { replica, crypto } = source
  const stored: StoredCommit[] = []
  const shared = new SharedValues()
  for (const { order, bytes } of await source.read(orders)) {
    const decoded = decodeRecord(bytes, crypto.sha256, null, shared)
    if (!decoded.ok || !equalBytes(decoded.record.id, replica.history.idOf(order))) {
      source.noteDamaged(order)
      break
    }
    stored.push({ order, record: decoded.record })
  }
  if (stored.length === 0) throw new UnreadableCommit(id, orders[0] ?? 0)
  return stored
}
