import { rm } from 'node:fs/promises'
import { Level } from 'level'
import type { Logger } from 'pino'
import { LeveldbPersistence } from 'y-leveldb'
import * as Y from 'yjs'
import type { BoardState } from '#protocol/board'
import type { CachedDocument } from '#protocol/document'
import { fromHex, toHex } from '#protocol/encoding'
import type { Sha256 } from '#protocol/identity'
import type { FindingLog } from '#node/findings'
import { checkDatabase } from '#node/leveldb'

/** Key of the note beside each document. */
const NOTE = 'coopmesh'

/** What the note says: which place of which log the kept document stands for, and a hash over all that and its bytes. */
interface Note {
  /** Name of the log, hex. */
  log: string
  sections: number
  commit: string
  hash: string
}

/** What a cache stands on. */
export interface BoardCacheParts {
  sha256: Sha256
  log: Logger
  findings: FindingLog
}

/**
 * Shared documents kept by y-leveldb, so that opening a node does not apply every edit again. Only a cache: the
 * library swallows errors and writes in several steps, so whatever does not match its note is rebuilt from the log.
 */
export class BoardCache {
  readonly #persistence: LeveldbPersistence
  readonly #parts: BoardCacheParts
  readonly #loaded = new Map<string, CachedDocument & { log: string }>()
  readonly #saved = new Map<string, number>()

  private constructor(persistence: LeveldbPersistence, parts: BoardCacheParts) {
    this.#persistence = persistence
    this.#parts = parts
  }

  /** Opens the cache and reads what it holds. A damaged one is thrown away as a whole. */
  static async open(path: string, parts: BoardCacheParts): Promise<BoardCache> {
    const why = (await isSound(path)) ? null : 'its files are damaged'
    if (why !== null) await discard(path, why, parts)
    const cache = new BoardCache(new LeveldbPersistence(path, { Level }), parts)
    const damaged = await cache.#loadAll()
    if (damaged === null) return cache
    await cache.close()
    cache.#loaded.clear()
    await discard(path, damaged, parts)
    return new BoardCache(new LeveldbPersistence(path, { Level }), parts)
  }

  /** The kept state of a document, if it is whole and was made from the log of this name. */
  get(document: string, logName: Uint8Array): CachedDocument | null {
    const kept = this.#loaded.get(document)
    return kept?.log === toHex(logName) ? kept : null
  }

  /** Keeps the present state of a board of the log of this name. Its commits must be on the disk. */
  async save(board: BoardState, logName: Uint8Array): Promise<void> {
    const { document, sections, lastCommit } = board
    if (sections === 0 || this.#saved.get(document) === sections) return
    const update = normal(Y.encodeStateAsUpdate(board.doc))
    const place = { log: toHex(logName), sections, commit: toHex(lastCommit) }
    const note: Note = { ...place, hash: this.#hashOf(document, place, update) }
    await this.#persistence.clearDocument(document)
    const row: unknown = await this.#persistence.storeUpdate(document, update)
    if (typeof row !== 'number') {
      this.#parts.log.warn({ document }, 'a document could not be kept; the log still has it')
      return
    }
    await this.#persistence.setMeta(document, NOTE, JSON.stringify(note))
    this.#saved.set(document, sections)
  }

  async close(): Promise<void> {
    await this.#persistence.destroy()
  }

  /** Null when all that the cache holds is whole; else what is not. */
  async #loadAll(): Promise<string | null> {
    const documents = await this.#persistence.getAllDocNames()
    if (documents === null) return 'it cannot be read'
    for (const document of documents) {
      const kept = await this.#load(document)
      if (kept === 'damaged') return `the kept copy of '${document}' is damaged`
      if (kept !== null) this.#loaded.set(document, kept)
    }
    return null
  }

  async #load(document: string): Promise<(CachedDocument & { log: string }) | 'damaged' | null> {
    const text = await this.#persistence.getMeta(document, NOTE)
    // Cut off between the document and its note.
    if (text === undefined) return null
    const note = readNote(text)
    const doc = note === null ? null : await this.#persistence.getYDoc(document)
    const commit = note === null ? null : fromHex(note.commit)
    if (note === null || doc === null || commit === null) return 'damaged'
    const update = Y.encodeStateAsUpdate(doc)
    if (this.#hashOf(document, note, update) !== note.hash) return 'damaged'
    return { sections: note.sections, commit, update, log: note.log }
  }

  #hashOf(document: string, { log, sections, commit }: Omit<Note, 'hash'>, update: Uint8Array): string {
    const head = Buffer.from(`${document}\n${log}\n${sections}\n${commit}\n`)
    return toHex(this.#parts.sha256(new Uint8Array(Buffer.concat([head, update]))))
  }
}

/** False for a folder that LevelDB must not be given: on some damage it ends the process. */
async function isSound(path: string): Promise<boolean> {
  // A torn end of its manifest is what a crash leaves.
  const damage = await checkDatabase(path, 'all')
  if (damage.some((it) => it.kind !== 'torn')) return false
  const trial = new Level(path, { valueEncoding: 'view' })
  return trial.open().then(
    async () => {
      await trial.close()
      return true
    },
    () => false,
  )
}

async function discard(path: string, why: string, parts: BoardCacheParts): Promise<void> {
  parts.log.warn({ why }, 'the kept documents are thrown away; they are made anew from the log')
  await rm(path, { recursive: true, force: true })
  parts.findings.note({
    code: 'board-copy',
    where: 'views',
    severity: 'note',
    message: `the kept copies of boards were of no use: ${why}`,
    action: 'They were thrown away; boards are made anew from the log.',
  })
}

/** The bytes that a document loaded from `update` encodes to: what a later load can be compared with. */
function normal(update: Uint8Array): Uint8Array {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update)
  return Y.encodeStateAsUpdate(doc)
}

function readNote(value: unknown): Note | null {
  if (typeof value !== 'string') return null
  try {
    const note: unknown = JSON.parse(value)
    if (typeof note !== 'object' || note === null) return null
    const { log, sections, commit, hash } = note as Partial<Note>
    const isNote = [log, commit, hash].every((it) => typeof it === 'string') && typeof sections === 'number'
    return isNote ? (note as Note) : null
  } catch {
    return null
  }
}
