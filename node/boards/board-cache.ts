import { rm } from 'node:fs/promises'
import { Level } from 'level'
import type { Logger } from 'pino'
import { LeveldbPersistence } from 'y-leveldb'
import * as Y from 'yjs'
import type { BoardState } from '#protocol/board'
import type { CachedDocument } from '#protocol/document'
import { equalBytes, fromHex, toHex } from '#protocol/encoding'
import type { Sha256 } from '#protocol/identity'

/** Key of the note beside each document. */
const NOTE = 'coopmesh'

/** What the note says: which place of the log the kept document stands for, and the hash of its bytes. */
interface Note {
  sections: number
  commit: string
  hash: string
}

/**
 * Shared documents kept by y-leveldb, so that opening a node does not apply every edit again. Only a cache: the
 * library swallows errors and writes in several steps, so whatever does not match its note is rebuilt from the log.
 */
export class BoardCache {
  readonly #persistence: LeveldbPersistence
  readonly #sha256: Sha256
  readonly #log: Logger
  readonly #loaded = new Map<string, CachedDocument>()
  readonly #saved = new Map<string, number>()

  private constructor(persistence: LeveldbPersistence, parts: { sha256: Sha256; log: Logger }) {
    this.#persistence = persistence
    this.#sha256 = parts.sha256
    this.#log = parts.log
  }

  /** Opens the cache and reads what it holds. A folder that does not open is thrown away. */
  static async open(path: string, parts: { sha256: Sha256; log: Logger }): Promise<BoardCache> {
    const trial = new Level(path, { valueEncoding: 'view' })
    try {
      await trial.open()
      await trial.close()
    } catch (cause) {
      parts.log.warn({ err: cause }, 'the kept documents do not open; rebuilding them')
      await rm(path, { recursive: true, force: true })
    }
    const cache = new BoardCache(new LeveldbPersistence(path, { Level }), parts)
    for (const document of (await cache.#persistence.getAllDocNames()) ?? []) {
      const kept = await cache.#load(document)
      if (kept !== null) cache.#loaded.set(document, kept)
    }
    return cache
  }

  /** The kept state of a document, if it is whole. */
  get(document: string): CachedDocument | null {
    return this.#loaded.get(document) ?? null
  }

  /** Keeps the present state of a board. Its commits must be on the disk. */
  async save(board: BoardState): Promise<void> {
    const { document, sections, lastCommit } = board
    if (sections === 0 || this.#saved.get(document) === sections) return
    const update = normal(Y.encodeStateAsUpdate(board.doc))
    const note: Note = { sections, commit: toHex(lastCommit), hash: toHex(this.#sha256(update)) }
    await this.#persistence.clearDocument(document)
    const row: unknown = await this.#persistence.storeUpdate(document, update)
    if (typeof row !== 'number') {
      this.#log.warn({ document }, 'a document could not be kept; the log still has it')
      return
    }
    await this.#persistence.setMeta(document, NOTE, JSON.stringify(note))
    this.#saved.set(document, sections)
  }

  async close(): Promise<void> {
    await this.#persistence.destroy()
  }

  async #load(document: string): Promise<CachedDocument | null> {
    const note = readNote(await this.#persistence.getMeta(document, NOTE))
    const doc = note === null ? null : await this.#persistence.getYDoc(document)
    const commit = note === null ? null : fromHex(note.commit)
    if (note === null || doc === null || commit === null) return null
    const update = Y.encodeStateAsUpdate(doc)
    const isWhole = equalBytes(this.#sha256(update), fromHex(note.hash) ?? update)
    if (!isWhole) this.#log.warn({ document }, 'a kept document is damaged; rebuilding it')
    return isWhole ? { sections: note.sections, commit, update } : null
  }
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
    const { sections, commit, hash } = note as Partial<Note>
    return typeof sections === 'number' && typeof commit === 'string' && typeof hash === 'string'
      ? { sections, commit, hash }
      : null
  } catch {
    return null
  }
}
