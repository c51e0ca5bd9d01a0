import { readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Level } from 'level'
import { CoopError, systemCode } from '#node/errors'
import type { FindingLog } from '#node/findings'
import { syncFolder } from '#node/folder'
import { checkDatabase, salvageDatabase } from '#node/leveldb'
import type { DatabaseDamage, TableDepth } from '#node/leveldb'
import { openSealed } from './sealed-value.ts'

/** A database that does not open, not even from what is whole of it. */
export class StoreUnreadable extends CoopError {
  constructor(path: string, why: string, cause: unknown) {
    super(
      'data-damaged',
      `the database ${path} does not open: ${why}`,
      'Check the disk. `coop doctor --repair` moves the database aside; this device then fetches all of it from others.',
      cause,
    )
  }
}

/** A database of sealed values. */
export type SealedLevel = Level<string, Uint8Array>

/**
 * Openings in a row without a close after which all of the database is checked before it is opened. One is a power
 * cut; more may be LevelDB, which ends the process on some damage.
 */
export const UNCLEAN_ENDS_MAX = 2
/**
 * Bytes of a database up to which all of it is checked at each opening; of a larger one what leads to its data.
 * Measured: the checksums of 64 MiB take 0.2 s.
 */
export const CHECKED_BYTES_MAX = 67_108_864
/** After this time a database that ends without a close did not end because of how it was opened. */
const SETTLED_MS = 600_000
/** Damaged places that a finding names. */
const PLACES_NAMED_MAX = 3

/** The files of one store: opened by way of their checksums, rebuilt from what is whole when they are damaged. */
export class StoreFiles {
  readonly #path: string
  readonly #findings: FindingLog
  #settling: NodeJS.Timeout | null = null

  constructor(path: string, findings: FindingLog) {
    this.#path = path
    this.#findings = findings
  }

  /** Opens the database. Whoever calls this holds the folder's lock: the files may be replaced. */
  async open(): Promise<SealedLevel> {
    await this.#finishRebuild()
    const unclean = await this.#noteOpening()
    const isSmall = (await bytesOf(this.#path)) <= CHECKED_BYTES_MAX
    const depth: TableDepth = isSmall || unclean >= UNCLEAN_ENDS_MAX ? 'all' : 'index'
    const damage = await checkDatabase(this.#path, depth)
    if (damage.length > 0) await this.rebuild(damage)
    try {
      return await openLevel(this.#path)
    } catch (cause) {
      if (!isCorruption(cause)) throw openFailure(this.#path, cause)
    }
    await this.rebuild([{ file: 'MANIFEST', kind: 'changed' }])
    return openLevel(this.#path).catch((cause: unknown) => {
      throw openFailure(this.#path, cause)
    })
  }

  /** Opens the database again after it failed; after damage all of it is checked, and rebuilt if need be. */
  async reopen(isDamaged: boolean): Promise<SealedLevel> {
    if (isDamaged) {
      const damage = await checkDatabase(this.#path, 'all')
      await this.rebuild(damage.length > 0 ? damage : [{ file: 'its tables', kind: 'changed' }])
    }
    return openLevel(this.#path).catch((cause: unknown) => {
      throw openFailure(this.#path, cause)
    })
  }

  /** Has all of the database checked before it is opened the next time. */
  async checkAtNextOpening(): Promise<void> {
    if (this.#settling !== null) clearTimeout(this.#settling)
    await writeFile(this.#openPath, String(UNCLEAN_ENDS_MAX), { mode: 0o600 })
  }

  /** Notes that the database was closed in order. */
  async closed(): Promise<void> {
    if (this.#settling !== null) clearTimeout(this.#settling)
    await rm(this.#openPath, { force: true })
  }

  /** Puts all that can still be read into a new database. The damaged one is kept beside it, in the place of an older. */
  async rebuild(damage: readonly DatabaseDamage[]): Promise<void> {
    const { rebuilding, rebuilt } = this.#paths
    await rm(rebuilding, { recursive: true, force: true })
    const level = await openLevel(rebuilding)
    let values = 0
    try {
      const isWhole = (key: string, value: Uint8Array): boolean => openSealed(key, value) !== null
      for await (const changes of salvageDatabase(this.#path, isWhole)) {
        values += changes.length
        await level.batch(
          changes.flatMap(({ key, value }) => (value === null ? [] : [{ type: 'put' as const, key, value }])),
          { sync: true },
        )
      }
    } finally {
      await level.close()
    }
    await rename(rebuilding, rebuilt)
    await syncFolder(dirname(this.#path))
    await this.#finishRebuild()
    this.#findings.note({
      code: 'store-rebuilt',
      where: this.#path,
      severity: 'repaired',
      message: `the files of the database were damaged (${placesOf(damage)})`,
      action: `It was put together anew from ${values} values that can be read; the damaged files are in ${this.#paths.damaged}.`,
    })
  }

  /** Puts a rebuilt database in its place, also one that a crash left waiting. */
  async #finishRebuild(): Promise<void> {
    const { rebuilt, damaged } = this.#paths
    if (!(await exists(rebuilt))) return
    if (await exists(this.#path)) {
      await rm(damaged, { recursive: true, force: true })
      await rename(this.#path, damaged)
    }
    await rename(rebuilt, this.#path)
    await syncFolder(dirname(this.#path))
  }

  /** Number of openings before this one that were not followed by a close. */
  async #noteOpening(): Promise<number> {
    const text = await readFile(this.#openPath, 'utf8').catch((cause: unknown) => {
      if (systemCode(cause) === 'ENOENT') return '0'
      throw cause
    })
    // Whatever is no number was damaged: then everything is looked at.
    const unclean = /^\d{1,6}$/.test(text) ? Number(text) : UNCLEAN_ENDS_MAX
    await writeFile(this.#openPath, String(unclean + 1), { mode: 0o600 })
    this.#settling = setTimeout(() => {
      void writeFile(this.#openPath, '1').catch(() => null) // at worst the next opening checks more
    }, SETTLED_MS).unref()
    return unclean
  }

  get #openPath(): string {
    return `${this.#path}.open`
  }

  get #paths(): { rebuilding: string; rebuilt: string; damaged: string } {
    const path = this.#path
    return { rebuilding: `${path}.rebuilding`, rebuilt: `${path}.rebuilt`, damaged: `${path}.damaged` }
  }
}

/** True for what LevelDB throws when it meets damage, and for what a failing disk gives instead of bytes. */
export function isUnreadable(thrown: unknown): boolean {
  return (
    isCorruption(thrown) ||
    textsOf(thrown).some((it) => /Input\/output error|Invalid argument|truncated/.test(it))
  )
}

/** True for what LevelDB throws when it meets damage. */
export function isCorruption(thrown: unknown): boolean {
  for (let error = thrown; error instanceof Error; error = error.cause)
    if ('code' in error && error.code === 'LEVEL_CORRUPTION') return true
  // A table or manifest that is named and not there.
  return textsOf(thrown).some((it) => it.includes('No such file or directory'))
}

async function openLevel(path: string): Promise<SealedLevel> {
  const level = new Level<string, Uint8Array>(path, { valueEncoding: 'view' })
  await level.open()
  return level
}

function openFailure(path: string, cause: unknown): unknown {
  const detail = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  if (detail instanceof Error && 'code' in detail && detail.code === 'LEVEL_LOCKED') {
    const message = `the database ${path} is in use by another process`
    return new CoopError('data-locked', message, 'End that process first.', cause)
  }
  const text = detail instanceof Error ? detail.message : String(detail)
  if (text.includes('No space left')) return cause
  return new StoreUnreadable(path, text, cause)
}

function textsOf(thrown: unknown): string[] {
  const texts: string[] = []
  for (let error = thrown; error instanceof Error; error = error.cause) texts.push(error.message)
  return texts
}

function placesOf(damage: readonly DatabaseDamage[]): string {
  const named = damage
    .slice(0, PLACES_NAMED_MAX)
    .map(({ file, at, kind }) =>
      kind === 'missing' ? `${file} is missing` : at === undefined ? file : `${file} at ${at}`,
    )
  const more = damage.length - named.length
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ')
}

async function bytesOf(path: string): Promise<number> {
  const names = await readdir(path).catch((cause: unknown): string[] => {
    const code = systemCode(cause)
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw cause
  })
  const sizes = names.map(async (name) => (await stat(join(path, name))).size)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
