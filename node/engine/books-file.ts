import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { decodeCanonical, encodeCanonical, equalBytes, isBytes } from '#protocol/encoding'
import { decodeBooks } from '#protocol/replica'
import type { BooksLoss, SavedBooks } from '#protocol/replica'
import { systemCode } from '#node/errors'
import { FindingLog } from '#node/findings'
import type { Severity } from '#node/findings'
import { syncFolder, writeDurably } from '#node/folder'

/**
 * The books of the first commits of a log, saved in a file beside it, so that opening a node need not go through what all of
 * them did. Never trusted further than the log: it lies under a hash, and stands for one log as one version of this program
 * read it. Whatever else is there is passed over, and the books are made anew from the log.
 */
export class BooksFile {
  readonly #path: string
  readonly #version: string
  readonly #findings: FindingLog

  /** `version`: of this program, whose rules the books are made by. */
  constructor(path: string, version: string, findings: FindingLog = new FindingLog()) {
    this.#path = path
    this.#version = version
    this.#findings = findings
  }

  /** The books of the log with this name, or null. */
  async read(logName: Uint8Array): Promise<SavedBooks | null> {
    const bytes = await readFile(this.#path).catch((cause: unknown) => {
      if (systemCode(cause) !== 'ENOENT') this.#note('repaired', UNREADABLE)
      return null
    })
    if (bytes === null) return null
    const content = bytes.subarray(0, Math.max(0, bytes.length - HASH_BYTES))
    if (!equalBytes(hashOf(content), bytes.subarray(content.length))) {
      this.#note('repaired', DAMAGED)
      return null
    }
    const decoded = decodeCanonical(content)
    if (!decoded.ok || !Array.isArray(decoded.value)) return null
    const [format, version, name, books] = decoded.value
    const isOurs = format === FORMAT && version === this.#version
    if (!isOurs || !isBytes(name, logName.length) || !equalBytes(name, logName)) return null
    return books instanceof Uint8Array ? decodeBooks(books) : null
  }

  /** Puts books in the place of those before; after any crash the file holds the one or the other. */
  async write(logName: Uint8Array, books: Uint8Array): Promise<void> {
    const content = encodeCanonical([FORMAT, this.#version, logName, books])
    const bytes = new Uint8Array(content.length + HASH_BYTES)
    bytes.set(content)
    bytes.set(hashOf(content), content.length)
    await writeDurably(this.#path, bytes)
  }

  /** Takes away books that were read and are of no use, for good: the log may come to look as if they went with it. */
  async drop(loss: BooksLoss): Promise<void> {
    // What the log lost is named where that is found.
    if (loss === 'misfit') this.#note('note', MISFIT)
    await rm(this.#path, { force: true })
    await syncFolder(dirname(this.#path))
  }

  #note(severity: Severity, message: string): void {
    this.#findings.note({
      ...{ code: 'saved-books', where: 'store.books', severity, message },
      action: 'They were made anew from the log.',
    })
  }
}

/** Goes up with each change of the file's layout. */
const FORMAT = 1
const HASH_BYTES = 32
const UNREADABLE = 'the saved books cannot be read'
const DAMAGED = 'the saved books were damaged'
const MISFIT = 'the saved books did not go with the log'

function hashOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}
