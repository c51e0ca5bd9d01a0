import type { HttpBindings } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { CoopError } from '#node/errors'
import type { Scope, TokenBook } from '#node/tokens'
import { isToken } from './guard.ts'

/** Who makes a call: what it may do, and until when. */
export interface Caller {
  scope: Scope
  /** Aborts when its token is revoked or expires. */
  ended: AbortSignal
}

/** What every handler of the API finds in its context. */
export interface ApiEnv {
  Bindings: Partial<HttpBindings>
  Variables: { caller: Caller }
}

/** The API with its context. */
export type Api = OpenAPIHono<ApiEnv>

/** Knows callers by their tokens: that of the data folder, which the page and the command line use, and created ones. */
export class Callers {
  readonly book: TokenBook
  readonly #ownToken: string

  /** @param ownToken - content of `api.token`; whoever can read the data folder is its owner */
  constructor(ownToken: string, book: TokenBook) {
    this.#ownToken = ownToken
    this.book = book
  }

  /** The caller that shows `token`; throws for nobody. `from` and `call` are noted as its last use. */
  identify(token: string | undefined, from: string, call: string): Caller {
    if (isToken(token, this.#ownToken)) return { scope: 'admin', ended: NEVER }
    const bearer = token === undefined ? null : this.book.identify(token)
    if (bearer === 'expired') throw new CoopError('unauthorized', 'this access token has expired', NEW_TOKEN)
    if (bearer === null)
      throw new CoopError(
        'unauthorized',
        'the access token is missing or wrong',
        'Send `Authorization: Bearer <token>`, with a token of `coop token create` or the content of `api.token` in the data folder.',
      )
    this.book.noteUse(bearer.id, { atMs: Date.now(), from, call })
    return { scope: bearer.scope, ended: bearer.ended }
  }
}

/** The token of an Authorization header. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer (.+)$/.exec(authorization ?? '')?.[1]
}

/** Where a call came from, for people: address and what the program calls itself. */
export function originOf(address: string | undefined, userAgent: string | undefined): string {
  return [address ?? 'this process', userAgent].filter((it) => it !== undefined && it !== '').join(', ')
}

const NEVER = new AbortController().signal
const NEW_TOKEN = 'Create a new one with `coop token create`.'
