import type { Logger } from 'pino'
import type { AssetStore } from '#node/assets'
import type { Finding } from '#node/findings'

/** Wait before assets that could not be fetched again are tried once more; doubled each time, up to the second. A guess. */
const RETRY_AFTER_MS = 1_000
const RETRY_AFTER_MS_MAX = 60_000

/** What a repair stands on. */
export interface AssetRepairParts {
  assets: AssetStore
  log: Logger
  /** Fetches all of an asset that is not here. */
  fetch: (cid: string) => Promise<unknown>
  /** False while no other device can be asked. */
  canFetch: () => boolean
}

/**
 * Takes damaged parts of assets out of the store and fetches them again. Until then they count as not held: nobody is
 * given a wrong byte. Goes on after a restart.
 */
export class AssetRepair {
  readonly #parts: AssetRepairParts
  /** Parts that are being taken out. */
  readonly #taking = new Set<string>()
  /** Parts are taken out one after the other: each walks the trees of all assets. */
  #work: Promise<void> = Promise.resolve()
  #isFetching = false
  #timer: NodeJS.Timeout | null = null
  #retryAfterMs = RETRY_AFTER_MS
  #isClosed = false

  constructor(parts: AssetRepairParts) {
    this.#parts = parts
    parts.assets.onDamage = (cid) => this.take(cid)
  }

  /** Takes a damaged file or directory node out, and fetches the assets that it is a part of again. */
  take(cid: string): void {
    if (this.#taking.has(cid) || this.#isClosed) return
    this.#taking.add(cid)
    this.#retryAfterMs = RETRY_AFTER_MS
    this.#parts.log.error({ cid }, 'a part of an asset is damaged on this disk; it is fetched again')
    this.#note(cid, 'pending', 'It is not given out, and fetched again from other holders.')
    this.#work = this.#work
      .then(async () => this.#takeOut(cid))
      .catch((cause: unknown) =>
        this.#parts.log.error({ err: cause, cid }, 'a damaged asset could not be taken out'),
      )
      .finally(() => this.#taking.delete(cid))
    void this.#work.then(() => this.resume())
  }

  /** Resolves once all parts that were found damaged so far are out of the store. */
  async settled(): Promise<void> {
    await this.#work
  }

  /** Fetches what is to be fetched again, as far as that is possible now. */
  resume(): void {
    if (this.#isFetching || this.#isClosed || !this.#parts.canFetch()) return
    this.#isFetching = true
    this.#fetchAll()
      .catch((cause: unknown) =>
        this.#parts.log.error({ err: cause }, 'damaged assets could not be fetched again'),
      )
      .finally(() => {
        this.#isFetching = false
      })
  }

  /** Stops; what is left is gone on with after the next start. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#work
  }

  async #takeOut(cid: string): Promise<void> {
    const { assets } = this.#parts
    const roots: string[] = []
    for (const root of await assets.held()) if (await this.#isPart(root, cid)) roots.push(root)
    await assets.distrust(cid, roots.length === 0 ? [cid] : roots)
  }

  async #isPart(root: string, cid: string): Promise<boolean> {
    for await (const part of this.#parts.assets.parts(root)) if (part.cid === cid) return true
    return false
  }

  async #fetchAll(): Promise<void> {
    const { assets, fetch, canFetch, log } = this.#parts
    let isLeft = false
    for (const cid of await assets.toFetch()) {
      if (this.#isClosed || !canFetch()) return
      try {
        await fetch(cid)
        this.#noteFetched()
      } catch (cause) {
        isLeft = true
        log.debug({ err: cause, cid }, 'a damaged asset is not fetched yet')
      }
    }
    if (!isLeft || this.#isClosed) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.resume(), this.#retryAfterMs).unref()
    this.#retryAfterMs = Math.min(2 * this.#retryAfterMs, RETRY_AFTER_MS_MAX)
  }

  #note(cid: string, severity: Finding['severity'], action: string): void {
    const message = `a part of an asset, ${cid}, is damaged or missing on this disk`
    this.#parts.assets.findings.note({ code: 'asset-file', where: cid, severity, message, action })
  }

  /** Parts that are here again. */
  #noteFetched(): void {
    const { assets } = this.#parts
    for (const { code, where, severity } of assets.findings.all()) {
      if (code !== 'asset-file' || severity !== 'pending') continue
      void assets.get(where).then((asset) => {
        if (asset !== null) this.#note(where, 'repaired', 'It was fetched again.')
      })
    }
  }
}
