import { CoopError, asCoopError } from '#node/errors'
import { FindingLog } from '#node/findings'
import { EndFile } from './end-file.ts'
import { openSealed, sealValue } from './sealed-value.ts'
import { SettingsCopy, isSetting } from './settings-copy.ts'
import { COUNT_KEY, countValue, reconcileSettings } from './settings-reconciler.ts'
import { StoreFiles, isCorruption, isUnreadable } from './store-files.ts'
import type { SealedLevel } from './store-files.ts'

/** A change of the store; several are written together or not at all. */
export type StoreChange = { type: 'put'; key: string; value: Uint8Array } | { type: 'del'; key: string }

/**
 * What the store has under a key. `bytes` of a damaged value: what lies there, with the seal; null when the disk gives
 * nothing back.
 */
export type StoredValue =
  | { state: 'whole'; value: Uint8Array }
  | { state: 'missing' }
  | { state: 'damaged'; bytes: Uint8Array | null }

/** How long changes of settings are gathered before their copy is written. */
const COPY_AFTER_MS = 500

/**
 * The node's database. Keys: `c/<order>` blocks of the commit log, `i/<order>` their index, `x/<order>` blocks whose
 * place in the log was lost, `w/<id>` commits that wait, `g/<device>` guests that wait, `f/<document>` summaries, `m/<name>` settings, `n/settings`
 * their count, `p/<device>` addresses, `a/<cid>` assets, `h/<cid>` assets held whole, `r/<cid>` assets to be fetched
 * again. Every value lies under a hash over it and its key, which every read checks; a damaged one is named in
 * `findings` and never given out. Every write is fsynced before it is answered.
 *
 * Beside it lie `<path>.end` (how far the log went) and `<path>.settings` (a copy of `m/` and `p/`).
 */
export class Store {
  /** What was found damaged since the store was opened. */
  readonly findings: FindingLog
  readonly #files: StoreFiles
  readonly #end: EndFile
  readonly #copy: SettingsCopy
  #level: SealedLevel
  /** Keys of values that were found damaged and not replaced since. */
  readonly #damaged = new Set<string>()
  /** Writes and reopenings, one after the other. */
  #work: Promise<void> = Promise.resolve()
  /**
   * True after a failed write. LevelDB goes on behind the torn record that it left in its log, and drops all of that
   * when it opens the next time; so nothing is written before it was closed and opened again.
   */
  #isTorn = false
  /** Why the last write failed: the database may not have opened again since. */
  #failure: unknown = null
  /** True when LevelDB said that it met damage; then its files are checked before they are opened again. */
  #isDamaged = false
  /** True when the files are to be checked at the next opening: then a close does not take that back. */
  #mustCheck = false
  #isClosed = false
  #copyTimer: NodeJS.Timeout | null = null

  private constructor(parts: {
    findings: FindingLog
    files: StoreFiles
    end: EndFile
    copy: SettingsCopy
    level: SealedLevel
  }) {
    this.findings = parts.findings
    this.#files = parts.files
    this.#end = parts.end
    this.#copy = parts.copy
    this.#level = parts.level
  }

  /** Opens the database at `path`, or makes it. Its folder must be locked: damaged files are replaced. */
  static async open(path: string, findings: FindingLog = new FindingLog()): Promise<Store> {
    const files = new StoreFiles(path, findings)
    const level = await files.open()
    let end: EndFile | null = null
    try {
      end = await EndFile.open(`${path}.end`)
      const copy = await SettingsCopy.open(`${path}.settings`)
      const store = new Store({ findings, files, end, copy, level })
      await reconcileSettings(store, copy)
      return store
    } catch (cause) {
      await end?.close()
      await level.close()
      throw cause
    }
  }

  /** What the end file said when the store was opened. */
  get foundEnd(): EndFile['found'] {
    return this.#end.found
  }

  /** Keys of values that were found damaged since the store was opened and were not replaced. */
  get damagedKeys(): readonly string[] {
    return [...this.#damaged]
  }

  /** Closes and opens again, as it must be after a failed write. */
  async reopen(): Promise<void> {
    await this.#inTurn(async () => this.#reopen())
  }

  /** Applies all changes or none; resolves once they are on the disk. `end` then becomes the mark of the end file. */
  async write(changes: readonly StoreChange[], end: Uint8Array | null = null): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#isTorn) await this.#reopen()
      const isSetting = this.#hasSetting(changes)
      const number = this.#copy.number + 1
      const sealed = changes.map((it) =>
        it.type === 'put' ? { ...it, value: sealValue(it.key, it.value) } : it,
      )
      if (isSetting)
        sealed.push({ type: 'put', key: COUNT_KEY, value: sealValue(COUNT_KEY, countValue(number)) })
      try {
        if (sealed.length > 0) await this.#level.batch(sealed, { sync: true })
      } catch (cause) {
        this.#isTorn = true
        this.#isDamaged ||= isCorruption(cause)
        this.#failure = writeFailure(cause)
        throw this.#failure
      }
      for (const { key } of changes) this.#settle(key)
      if (end !== null) this.#writeEnd(end)
      if (!isSetting) return
      this.#copy.note(changes, number)
      this.#copyTimer ??= setTimeout(() => void this.#writeCopy(), COPY_AFTER_MS)
    })
  }

  /** The value under a key, or null; throws `data-damaged` when it is there and damaged. */
  async get(key: string): Promise<Uint8Array | null> {
    const read = await this.read(key)
    if (read.state === 'whole') return read.value
    if (read.state === 'missing') return null
    throw new CoopError(
      'data-damaged',
      `the stored value '${key}' is damaged`,
      'Run `coop doctor --repair` on this folder.',
    )
  }

  /** What is under a key. */
  async read(key: string): Promise<StoredValue> {
    let bytes: Uint8Array | undefined
    try {
      // A damaged filter makes LevelDB miss a key; its iterators do not use filters.
      bytes = (await this.#level.get(key)) ?? (await this.#seek(key))
    } catch (cause) {
      if (!isUnreadable(cause)) throw this.#readFailure(cause)
      this.#isDamaged ||= isCorruption(cause)
      this.#noteDamaged(key)
      return { state: 'damaged', bytes: null }
    }
    if (bytes === undefined) return { state: 'missing' }
    const value = openSealed(key, bytes)
    if (value !== null) return { state: 'whole', value }
    this.#noteDamaged(key)
    return { state: 'damaged', bytes }
  }

  /**
   * All whole entries whose key starts with `prefix`, in order, in batches of `batchSize`, from the key `from` on.
   * Damaged ones are left out and are in `damagedKeys` then.
   */
  async *entries(prefix: string, batchSize = 1_000, from = prefix): AsyncGenerator<[string, Uint8Array][]> {
    for await (const batch of this.#raw(prefix, batchSize, from)) {
      const whole: [string, Uint8Array][] = []
      for (const [key, bytes] of batch) {
        const value = openSealed(key, bytes)
        if (value === null) this.#noteDamaged(key)
        else whole.push([key, value])
      }
      if (whole.length > 0) yield whole
    }
  }

  /** All keys that start with `prefix`, in order, from the key `from` on; their values are not looked at. */
  async *keys(prefix: string, from = prefix): AsyncGenerator<string> {
    for await (const batch of this.#raw(prefix, KEYS_BATCH, from)) for (const [key] of batch) yield key
  }

  /** Has all files of the database looked at before it is opened the next time; damaged ones are replaced then. */
  async checkAtNextOpening(): Promise<void> {
    this.#mustCheck = true
    await this.#files.checkAtNextOpening()
  }

  /** Writes the copy of the settings now, if it lags behind. */
  async keepCopy(): Promise<void> {
    await this.#writeCopy()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#inTurn(async () => {
      if (this.#copyTimer !== null) clearTimeout(this.#copyTimer)
      await this.#flushCopy()
      await this.#level.close()
      await this.#end.close()
      if (!this.#mustCheck) await this.#files.closed()
    })
  }

  async *#raw(prefix: string, batchSize: number, from: string): AsyncGenerator<[string, Uint8Array][]> {
    let next: { gte: string } | { gt: string } = { gte: from }
    for (let size = batchSize; ; size = 1) {
      let iterator: ReturnType<SealedLevel['iterator']> | null = null
      try {
        iterator = this.#level.iterator({ ...next, lt: `${prefix}\u{ffff}` })
        for (;;) {
          const batch = (await iterator.nextv(size)) as [string, Uint8Array][]
          if (batch.length === 0) return
          const last = batch.at(-1)
          if (last !== undefined) next = { gt: last[0] }
          yield batch
        }
      } catch (cause) {
        if (!isUnreadable(cause)) throw this.#readFailure(cause)
        this.#isDamaged = true
        this.findings.note(unreadablePart(prefix))
        // LevelDB tells at the end, and with the last batch: what is in that is read once more, one by one.
        if (size === 1) return
      } finally {
        await iterator?.close()
      }
    }
  }

  async #seek(key: string): Promise<Uint8Array | undefined> {
    const iterator = this.#level.iterator({ gte: key, lte: key, limit: 1 })
    try {
      return (await iterator.next())?.[1]
    } finally {
      await iterator.close()
    }
  }

  /** A database that did not open again after a failed write can be read as little as written. */
  #readFailure(cause: unknown): unknown {
    const isShut = cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_DATABASE_NOT_OPEN'
    return isShut && this.#failure !== null && !this.#isClosed ? this.#failure : cause
  }

  #hasSetting(changes: readonly StoreChange[]): boolean {
    return changes.some(({ key }) => isSetting(key))
  }

  #writeEnd(end: Uint8Array): void {
    try {
      this.#end.write(end)
    } catch {
      // It lags behind then, as it may.
    }
  }

  async #writeCopy(): Promise<void> {
    await this.#inTurn(async () => {
      this.#copyTimer = null
      await this.#flushCopy()
    })
  }

  async #flushCopy(): Promise<void> {
    try {
      await this.#copy.flush()
    } catch {
      // The database has it all; the next change, or the next opening, writes the copy.
    }
  }

  #noteDamaged(key: string): void {
    this.#damaged.add(key)
    if (key.startsWith('c/')) return // the log itself names its commits
    this.findings.note({
      code: 'store-value',
      where: key,
      severity: 'pending',
      message: `the stored value '${key}' is damaged and not used`,
      action: 'It is written anew from what else is here, or from another device.',
    })
  }

  /** A damaged value was replaced or removed. */
  #settle(key: string): void {
    if (!this.#damaged.delete(key) || key.startsWith('c/')) return
    this.findings.note({
      code: 'store-value',
      where: key,
      severity: 'repaired',
      message: `the stored value '${key}' was damaged`,
      action: 'It was written anew.',
    })
  }

  async #reopen(): Promise<void> {
    if (this.#isClosed) throw new Error('the store is closed')
    await this.#level.close()
    this.#level = await this.#files.reopen(this.#isDamaged)
    this.#isTorn = false
    this.#isDamaged = false
    this.#failure = null
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work)
    this.#work = done.catch(() => {
      // Whoever asked for this work is told; the next one has its own outcome.
    })
    await done
  }
}

function writeFailure(cause: unknown): unknown {
  const known = asCoopError(cause)
  if (known.code !== 'internal') return known
  return new CoopError(
    'read-only',
    `the database refuses writes: ${known.message}`,
    'Check the disk; the node tries again by itself.',
    cause,
  )
}

/** Entries read at a time when only their keys are wanted. */
const KEYS_BATCH = 100

function unreadablePart(prefix: string): Parameters<FindingLog['note']>[0] {
  return {
    code: 'store-files',
    where: `${prefix}*`,
    severity: 'pending',
    message: `a part of the database under '${prefix}' cannot be read`,
    action:
      'Stop the node and run `coop doctor --repair`: the database is put together anew from what is whole.',
  }
}

/** Key of a block that begins at a place of the log: `c/` the commits, `i/` their index rows, `x/` set aside. */
export function orderKey(prefix: 'c' | 'i' | 'x', order: number): string {
  return `${prefix}/${order.toString(16).padStart(8, '0')}`
}

/** The place of the log that a key of `orderKey` names; null for another key. */
export function orderOf(key: string): number | null {
  return /^[cix]\/[0-9a-f]{8}$/.test(key) ? Number.parseInt(key.slice(2), 16) : null
}
