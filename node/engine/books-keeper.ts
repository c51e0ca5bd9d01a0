import type { Logger } from 'pino'
import type { Replica } from '#protocol/replica'
import type { BooksFile } from './books-file.ts'

/**
 * Commits after which books are saved again while this device does not write. Measured: taking up as many again, two entries
 * each, takes 50 ms.
 */
const SAVE_AFTER_COMMITS = 16_384
/** As many, and a device that writes without a pause saves them all the same: then taking them up again takes 0.2 s. */
const SAVE_AT_LAST_COMMITS = 65_536
/** Commits that are worth saving for once it is quiet. A guess: a few milliseconds of an opening. */
const SAVE_WHEN_QUIET_COMMITS = 1_024

/** What books are saved of. */
export interface BooksKeeperParts {
  /** Null where none are kept. */
  file: BooksFile | null
  /** Commits after which they are saved again, whoever writes; default: `SAVE_AFTER_COMMITS`, `SAVE_AT_LAST_COMMITS`. */
  after: number | undefined
  log: Logger
  /** The present replica and the name of its log. */
  replica(): Replica
  logName(): Uint8Array
  /** Resolves once all commits of the replica are on the disk. */
  durable(): Promise<void>
  /** True while a write of this device may come at any moment. */
  isBusy(): boolean
}

/** Saves the books of a running node now and then, off the path of its writes: after a crash only the newest commits are gone through. */
export class BooksKeeper {
  readonly #parts: BooksKeeperParts
  /** Commits that the file stands for. */
  #savedLength = 0
  #saving: Promise<void> | null = null

  constructor(parts: BooksKeeperParts) {
    this.#parts = parts
  }

  /** A log was opened with books of so many commits; 0 for none. */
  opened(savedLength: number): void {
    this.#savedLength = savedLength
  }

  /** Commits were put on the disk. */
  wrote(): void {
    const { after, isBusy } = this.#parts
    const usual = isBusy() ? SAVE_AT_LAST_COMMITS : SAVE_AFTER_COMMITS
    if (this.#behind >= (after ?? usual)) void this.#save()
  }

  /** It is quiet. */
  async whenQuiet(): Promise<void> {
    if (this.#behind >= SAVE_WHEN_QUIET_COMMITS) await this.#save()
  }

  /** The node ends. */
  async close(): Promise<void> {
    await this.#saving
    if (this.#behind > 0) await this.#save()
  }

  get #behind(): number {
    return this.#parts.replica().logLength - this.#savedLength
  }

  async #save(): Promise<void> {
    if (this.#parts.file === null) return
    this.#saving ??= this.#saveNow(this.#parts.file).finally(() => {
      this.#saving = null
    })
    return this.#saving
  }

  async #saveNow(file: BooksFile): Promise<void> {
    const { log, replica, logName, durable } = this.#parts
    const [of, name] = [replica(), logName()]
    const length = of.logLength
    try {
      const books = of.saveBooks()
      if (books === null) return
      await durable()
      if (of !== replica()) return // it lost commits, and its books with them
      await file.write(name, books)
      this.#savedLength = length
    } catch (cause) {
      // The next opening makes them anew.
      log.warn({ err: cause }, 'the books could not be saved')
    }
  }
}
