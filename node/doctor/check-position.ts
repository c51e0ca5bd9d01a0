import { readFile, rm, writeFile } from 'node:fs/promises'

/** How often the place of a full check is noted. */
const NOTE_EVERY_MS = 2_000
/** A check that was cut off so long ago begins anew. */
const STALE_MS = 7 * 86_400_000

interface Position {
  /** Everything up to and with this CID was checked. */
  after: string
  beganMs: number
}

/** Where a full check of assets stands, in a file that only it needs: one that is lost or damaged costs time. */
export class CheckPosition {
  readonly #path: string | null
  readonly #beganMs: number
  readonly #after: string
  #notedMs = Date.now()

  private constructor(path: string | null, found: Position | null) {
    this.#path = path
    this.#after = found?.after ?? ''
    this.#beganMs = found?.beganMs ?? Date.now()
  }

  /** `path`: null for a check that begins anew each time. */
  static async open(path: string | null): Promise<CheckPosition> {
    return new CheckPosition(path, path === null ? null : await readPosition(path))
  }

  /** True when the run that was cut off had checked this one. */
  isDone(cid: string): boolean {
    return cid <= this.#after
  }

  /** Everything up to and with this one is checked. */
  async note(cid: string): Promise<void> {
    if (this.#path === null || Date.now() - this.#notedMs < NOTE_EVERY_MS) return
    this.#notedMs = Date.now()
    const position: Position = { after: cid, beganMs: this.#beganMs }
    await writeFile(this.#path, JSON.stringify(position), { mode: 0o600 })
  }

  async finish(): Promise<void> {
    if (this.#path !== null) await rm(this.#path, { force: true })
  }
}

async function readPosition(path: string): Promise<Position | null> {
  try {
    const { after, beganMs } = JSON.parse(await readFile(path, 'utf8')) as Partial<Position>
    const isRecent = typeof beganMs === 'number' && Math.abs(Date.now() - beganMs) < STALE_MS
    return typeof after === 'string' && isRecent ? { after, beganMs } : null
  } catch {
    return null
  }
}
