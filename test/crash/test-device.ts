import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pino from 'pino'
import type { AssetStore } from '#node/assets'
import { BooksFile, Engine } from '#node/engine'
import { systemCode } from '#node/errors'
import { DataFolder, writeDurably } from '#node/folder'
import { Store } from '#node/store'
import type { ScriptedCoop } from './scripted-coop.ts'

/** The file that the device under test replaces over and over, as a node replaces its own small files. */
const NOTE = 'note'

/** Commits between two savings of the books: often enough to be cut off in all of their steps. */
const BOOKS_EVERY = 30

/** The storage of one node without a network: data folder, database, engine and, if wanted, assets. */
export class TestDevice {
  readonly coop: ScriptedCoop
  readonly folder: DataFolder
  readonly store: Store
  readonly engine: Engine
  /** Null on a device that does without: their code brings libp2p along, which takes long to load. */
  readonly assets: AssetStore | null
  /** From nothing to an engine that can write, ms. */
  readonly openMs: number

  private constructor(
    coop: ScriptedCoop,
    parts: { folder: DataFolder; store: Store; engine: Engine; assets: AssetStore | null; openMs: number },
  ) {
    this.coop = coop
    this.folder = parts.folder
    this.store = parts.store
    this.engine = parts.engine
    this.assets = parts.assets
    this.openMs = parts.openMs
  }

  /** Opens the data folder `path` as a node does; a new one gets the co-op's first commits. */
  static async open(path: string, coop: ScriptedCoop, hasAssets: boolean): Promise<TestDevice> {
    const kind = hasAssets ? (await import('#node/assets')).AssetStore : null
    const startedMs = performance.now()
    const folder = await DataFolder.open(path)
    let store: Store | null = null
    try {
      store = await Store.open(folder.storePath)
      const { crypto, signer } = coop
      const log = pino({ level: process.env['COOP_LOG'] ?? 'silent' }, pino.destination(2))
      const parts = { store, crypto, signer, coop: coop.coop, log }
      const books = new BooksFile(folder.booksPath, 'test', store.findings)
      const engine = await Engine.open({ ...parts, cached: () => null, books, saveBooksAfter: BOOKS_EVERY })
      const openMs = performance.now() - startedMs
      const { assetsPath, partialPath } = folder
      const { sha256 } = crypto
      const assets = kind === null ? null : new kind({ store, assetsPath, partialPath, sha256 })
      const device = new TestDevice(coop, { folder, store, engine, assets, openMs })
      // A co-op that was founded in several steps, and cut off between them, is founded to the end.
      if (engine.replica.logLength < coop.prelude.length) {
        engine.ingest(coop.prelude)
        await engine.durable()
      }
      return device
    } catch (cause) {
      await store?.close()
      await folder.close()
      throw cause
    }
  }

  /** Replaces the note; resolves once it is on the disk. */
  async writeNote(text: string): Promise<void> {
    await writeDurably(join(this.folder.path, NOTE), text)
  }

  /** The note, or null when there is none. */
  async readNote(): Promise<string | null> {
    try {
      return await readFile(join(this.folder.path, NOTE), 'utf8')
    } catch (cause) {
      if (systemCode(cause) === 'ENOENT') return null
      throw cause
    }
  }

  async close(): Promise<void> {
    await this.engine.close()
    await this.store.close()
    await this.folder.close()
  }
}
