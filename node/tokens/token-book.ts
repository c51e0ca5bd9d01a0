import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { CoopError } from '#node/errors'
import type { FindingLog } from '#node/findings'
import { readTokenFile, writeTokenFile } from './token-file.ts'
import type { TokenRow, TokenUse } from './token-file.ts'
import type { Scope } from './scope.ts'

export type { TokenUse } from './token-file.ts'

/** A token as people see it: never its secret, nor the hash of it. */
export type TokenView = Omit<TokenRow, 'hash'>

/** Who showed a token that is good now. */
export interface Bearer {
  id: string
  scope: Scope
  /** Aborts when the token is revoked or expires: whatever is still open on it must end. */
  ended: AbortSignal
}

/** Tokens of one node. A guess: more than the tills, gates and scripts of a large venue. */
export const TOKENS_MAX = 200
/** Longest lifetime of a token that expires at all: ten years. A guess; whoever wants more names none. */
export const TOKEN_LIFETIME_MS_MAX: number = 3_650 * 86_400_000
/** Time within which the last use reaches the disk. A guess: one small fsync a time, and a kill loses this much of it. */
const USES_KEPT_AFTER_MS = 30_000
/** Bytes of a secret: nobody guesses 256 random bits, so a plain SHA-256 of them keeps them, and each call is cheap. */
const SECRET_BYTES = 32
/** Timers of Node hold at most 2^31-1 ms; a token that lives longer is looked at again. */
const TIMER_MS_MAX = 2_147_483_647
/** Longest text of a caller that is kept. */
const FROM_CHARS_MAX = 120

/** The tokens of the API in one data folder. One process at a time: the one that holds the folder. */
export class TokenBook {
  readonly #path: string
  #rows: readonly TokenRow[]
  readonly #stoppers = new Map<string, AbortController>()
  #isUseUnkept = false
  #useTimer: NodeJS.Timeout | null = null
  #expiryTimer: NodeJS.Timeout | null = null
  /** Writes run one after the other. */
  #work: Promise<void> = Promise.resolve()

  private constructor(path: string, rows: readonly TokenRow[]) {
    this.#path = path
    this.#rows = rows
    this.#watchExpiry()
  }

  /** Reads the tokens of a folder. Those of a damaged file are void, which is noted. */
  static async open(path: string, findings: FindingLog): Promise<TokenBook> {
    const rows = await readTokenFile(path)
    if (rows === null) {
      findings.note({
        code: 'api-token',
        where: 'api.tokens',
        severity: 'lost',
        message: 'the list of API tokens was damaged',
        action: 'None of them works any more. Create new ones with `coop token create`.',
      })
      await writeTokenFile(path, [])
    }
    return new TokenBook(path, rows ?? [])
  }

  /** All tokens, expired ones too, in the order in which they were created. */
  list(): TokenView[] {
    return this.#rows.map(viewOf)
  }

  /** Creates a token. Its secret is in the answer and nowhere else. `expiresMs`: lifetime from now, or null. */
  async create(
    wish: { name: string; scope: Scope; expiresMs: number | null },
    nowMs: number = Date.now(),
  ): Promise<TokenView & { secret: string }> {
    const key = randomBytes(SECRET_BYTES).toString('base64url')
    const row = await this.#change((rows) => {
      if (rows.length >= TOKENS_MAX)
        throw new CoopError(
          'refused',
          `this node has ${TOKENS_MAX} tokens`,
          'Revoke one with `coop token revoke`.',
        )
      const made: TokenRow = {
        id: freshId(rows),
        name: wish.name,
        scope: wish.scope,
        createdAtMs: nowMs,
        expiresAtMs: wish.expiresMs === null ? null : nowMs + wish.expiresMs,
        lastUse: null,
        hash: hashOf(key).toString('hex'),
      }
      return [[...rows, made], made]
    })
    return { ...viewOf(row), secret: `coop_${row.id}_${key}` }
  }

  /** Ends a token for good, and whatever is open on it. */
  async revoke(id: string): Promise<TokenView> {
    const row = await this.#change((rows) => {
      const found = rows.find((it) => it.id === id)
      if (found === undefined)
        throw new CoopError('token-unknown', `there is no token ${id}`, 'Run `coop token ls` to see them.')
      return [rows.filter((it) => it !== found), found]
    })
    this.#end(id)
    return viewOf(row)
  }

  /** Who shows this token; null for what is none, `expired` for one that is over. */
  identify(text: string, nowMs: number = Date.now()): Bearer | 'expired' | null {
    const [, id, key] = /^coop_([0-9a-f]{8})_([\w-]{43})$/.exec(text) ?? []
    const row = this.#rows.find((it) => it.id === id)
    if (row === undefined || key === undefined) return null
    if (!timingSafeEqual(hashOf(key), Buffer.from(row.hash, 'hex'))) return null
    if (row.expiresAtMs !== null && row.expiresAtMs <= nowMs) return 'expired'
    return { id: row.id, scope: row.scope, ended: this.#stopperOf(row.id).signal }
  }

  /** Notes a call. It reaches the disk half a minute later at most, and when the book is closed. */
  noteUse(id: string, use: TokenUse): void {
    const from = use.from.replaceAll(/[^\x20-\x7E]/g, '?').slice(0, FROM_CHARS_MAX)
    const call = use.call.replaceAll(/[^\x20-\x7E]/g, '?').slice(0, FROM_CHARS_MAX)
    this.#rows = this.#rows.map((it) => (it.id === id ? { ...it, lastUse: { ...use, from, call } } : it))
    this.#isUseUnkept = true
    this.#useTimer ??= setTimeout(() => {
      this.#useTimer = null
      // A full disk: the next use, or the close, tries again.
      void this.#keepUses().catch(() => null)
    }, USES_KEPT_AFTER_MS).unref()
  }

  /** Keeps what is not on the disk yet. Rejects when that fails; nothing but times of last uses is lost then. */
  async close(): Promise<void> {
    if (this.#useTimer !== null) clearTimeout(this.#useTimer)
    if (this.#expiryTimer !== null) clearTimeout(this.#expiryTimer)
    this.#useTimer = null
    this.#expiryTimer = null
    await this.#keepUses()
  }

  async #keepUses(): Promise<void> {
    if (!this.#isUseUnkept) return await this.#work
    await this.#change((rows) => [rows, null])
  }

  /** Writes what `make` makes of the rows, and takes it only when it is on the disk. */
  async #change<T>(make: (rows: readonly TokenRow[]) => [readonly TokenRow[], T]): Promise<T> {
    const done = this.#work.then(async () => {
      const [next, result] = make(this.#rows)
      this.#isUseUnkept = false
      try {
        await writeTokenFile(this.#path, next)
      } catch (cause) {
        this.#isUseUnkept = true
        throw cause
      }
      // Uses that were noted during the write stay.
      const uses = new Map(this.#rows.map((it) => [it.id, it.lastUse]))
      this.#rows = next.map((it) => ({ ...it, lastUse: uses.get(it.id) ?? it.lastUse }))
      this.#watchExpiry()
      return result
    })
    this.#work = done.then(
      () => undefined,
      () => undefined,
    )
    return done
  }

  #stopperOf(id: string): AbortController {
    const known = this.#stoppers.get(id) ?? new AbortController()
    this.#stoppers.set(id, known)
    return known
  }

  #end(id: string): void {
    this.#stoppers.get(id)?.abort()
    this.#stoppers.delete(id)
  }

  /** Ends what is open on a token when its time is over. */
  #watchExpiry(): void {
    if (this.#expiryTimer !== null) clearTimeout(this.#expiryTimer)
    this.#expiryTimer = null
    const nowMs = Date.now()
    const times = this.#rows.flatMap((it) => (it.expiresAtMs === null ? [] : [it.expiresAtMs]))
    const nextMs = Math.min(...times.filter((atMs) => atMs > nowMs))
    for (const it of this.#rows) if (it.expiresAtMs !== null && it.expiresAtMs <= nowMs) this.#end(it.id)
    if (nextMs === Infinity) return
    const waitMs = Math.min(nextMs - nowMs, TIMER_MS_MAX)
    this.#expiryTimer = setTimeout(() => this.#watchExpiry(), waitMs).unref()
  }
}

function viewOf({ id, name, scope, createdAtMs, expiresAtMs, lastUse }: TokenRow): TokenView {
  return { id, name, scope, createdAtMs, expiresAtMs, lastUse }
}

function hashOf(key: string): Buffer {
  return createHash('sha256').update('coopmesh api token\n').update(key).digest()
}

function freshId(rows: readonly TokenRow[]): string {
  for (;;) {
    const id = randomBytes(4).toString('hex')
    if (rows.every((it) => it.id !== id)) return id
  }
}
