import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { systemCode } from '#node/errors'
import { FOLDER_FORMAT, writeDurably } from '#node/folder'
import type { StoreChange } from './store.ts'

/** Bytes of values that a copy holds: settings first, then addresses as far as they fit. */
export const COPY_BYTES_MAX = 262_144
/** A longer value is no setting. */
const VALUE_BYTES_MAX = 8_192

/** What a copy holds. */
export interface CopiedSettings {
  /** Counts changes of settings; the store keeps the same number. */
  number: number
  values: Map<string, Uint8Array>
}

/** What a file of settings turned out to be. */
export type CopyState = 'whole' | 'missing' | 'damaged'

/**
 * A second copy of the small values that no log can bring back (`m/`: the genesis record, sponsor, pause …; `p/`:
 * addresses), in a file beside the database. Written behind the database: it may lag, and its number says so.
 */
export class SettingsCopy {
  readonly state: CopyState
  readonly found: CopiedSettings
  readonly #path: string
  #current: CopiedSettings
  #isChanged = false

  private constructor(path: string, state: CopyState, found: CopiedSettings) {
    this.#path = path
    this.state = state
    this.found = found
    this.#current = { number: found.number, values: new Map(found.values) }
  }

  static async open(path: string): Promise<SettingsCopy> {
    const text = await readFile(path, 'utf8').catch((cause: unknown) => {
      if (systemCode(cause) === 'ENOENT') return null
      throw cause
    })
    const found = text === null ? null : readCopy(text)
    const state = found !== null ? 'whole' : text === null ? 'missing' : 'damaged'
    return new SettingsCopy(path, state, found ?? { number: 0, values: new Map() })
  }

  get number(): number {
    return this.#current.number
  }

  /** True while the file lags behind what was noted. */
  get isBehind(): boolean {
    return this.#isChanged
  }

  /** Takes over all settings of the database as they are now. */
  replace(settings: CopiedSettings): void {
    this.#current = settings
    this.#isChanged = true
  }

  /** Takes over changes that are on the disk. */
  note(changes: readonly StoreChange[], number: number): void {
    for (const change of changes) {
      if (!isSetting(change.key)) continue
      if (change.type === 'put') this.#current.values.set(change.key, change.value.slice())
      else this.#current.values.delete(change.key)
    }
    this.#current.number = number
    this.#isChanged = true
  }

  /** Writes the file, if it lags behind. */
  async flush(): Promise<void> {
    if (!this.#isChanged) return
    this.#isChanged = false
    try {
      await writeDurably(this.#path, encodeCopy(this.#current))
    } catch (cause) {
      this.#isChanged = true
      throw cause
    }
  }
}

/** True for keys that are copied. */
export function isSetting(key: string): boolean {
  return (key.startsWith('m/') && key !== TRIAL_KEY) || key.startsWith('p/')
}

/** A value that is written to see whether the disk takes it. */
export const TRIAL_KEY = 'm/trial'

/** One line of JSON, and its SHA-256. */
function encodeCopy({ number, values }: CopiedSettings): string {
  const kept: Record<string, string> = {}
  let bytes = 0
  for (const [key, value] of [...values].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (value.length > VALUE_BYTES_MAX || bytes + value.length > COPY_BYTES_MAX) continue
    bytes += value.length
    kept[key] = Buffer.from(value).toString('base64')
  }
  const line = JSON.stringify({ format: FOLDER_FORMAT, number, values: kept })
  return `${line}\n${createHash('sha256').update(line).digest('hex')}\n`
}

function readCopy(text: string): CopiedSettings | null {
  const [line = '', hash, ...rest] = text.split('\n')
  if (rest.join('') !== '' || createHash('sha256').update(line).digest('hex') !== hash) return null
  const { number, values } = JSON.parse(line) as { number: number; values: Record<string, string> }
  const entries = Object.entries(values).map(([key, value]) => [key, toBytes(value)] as const)
  return { number, values: new Map(entries) }
}

function toBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}
