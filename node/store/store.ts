import { Level } from 'level'
import { CoopError } from '#node/errors'

/** A change of the store; several are written together or not at all. */
export type StoreChange = { type: 'put'; key: string; value: Uint8Array } | { type: 'del'; key: string }

/** Commits read from the log at a time while it is loaded. */
const LOAD_BATCH = 1_000

/**
 * The node's database. Keys: `c/<order>` the commit log, `m/<name>` settings, `a/<cid>` assets, `h/<cid>` assets held
 * whole, `p/<device>` addresses. Every write is fsynced before it is answered.
 */
export class Store {
  readonly #path: string
  #level: Level<string, Uint8Array>
  /** Writes and reopenings, one after the other. */
  #work: Promise<void> = Promise.resolve()
  /**
   * True after a failed write. LevelDB goes on behind the torn record that it left in its log, and drops all of that
   * when it opens the next time; so nothing is written before it was closed and opened again.
   */
  #isTorn = false
  #isClosed = false

  private constructor(path: string, level: Level<string, Uint8Array>) {
    this.#path = path
    this.#level = level
  }

  static async open(path: string): Promise<Store> {
    return new Store(path, await openLevel(path))
  }

  /** Closes and opens again, as it must be after a failed write. */
  async reopen(): Promise<void> {
    await this.#inTurn(async () => this.#reopen())
  }

  /** Applies all changes or none; resolves once they are on the disk. */
  async write(changes: StoreChange[]): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#isTorn) await this.#reopen()
      try {
        await this.#level.batch(changes, { sync: true })
      } catch (cause) {
        this.#isTorn = true
        throw cause
      }
    })
  }

  async get(key: string): Promise<Uint8Array | null> {
    return (await this.#level.get(key)) ?? null
  }

  async getMany(keys: string[]): Promise<(Uint8Array | null)[]> {
    return (await this.#level.getMany(keys)).map((value) => value ?? null)
  }

  /** All entries whose key starts with `prefix`, in order, in batches. */
  async *entries(prefix: string): AsyncGenerator<[string, Uint8Array][]> {
    const iterator = this.#level.iterator({ gte: prefix, lt: `${prefix}\u{ffff}` })
    try {
      for (;;) {
        const batch = await iterator.nextv(LOAD_BATCH)
        if (batch.length === 0) return
        yield batch
      }
    } finally {
      await iterator.close()
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#inTurn(async () => this.#level.close())
  }

  async #reopen(): Promise<void> {
    if (this.#isClosed) throw new Error('the store is closed')
    await this.#level.close()
    this.#level = await openLevel(this.#path)
    this.#isTorn = false
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work)
    this.#work = done.catch(() => {
      // Whoever asked for this work is told; the next one has its own outcome.
    })
    await done
  }
}

/** Key of the commit at a place of the log. */
export function commitKey(order: number): string {
  return `c/${order.toString(16).padStart(8, '0')}`
}

async function openLevel(path: string): Promise<Level<string, Uint8Array>> {
  const level = new Level<string, Uint8Array>(path, { valueEncoding: 'view' })
  try {
    await level.open()
    return level
  } catch (cause) {
    const detail = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
    if (detail instanceof Error && 'code' in detail && detail.code === 'LEVEL_LOCKED') {
      throw new CoopError(
        'data-locked',
        `the database ${path} is in use by another process`,
        'End that process first.',
        cause,
      )
    }
    const text = detail instanceof Error ? detail.message : String(detail)
    if (text.includes('No space left')) throw cause
    throw new CoopError(
      'data-damaged',
      `the database ${path} does not open: ${text}`,
      'Check the disk. If it stays so, move the folder `store` aside and join again; the co-op has the rest.',
      cause,
    )
  }
}
