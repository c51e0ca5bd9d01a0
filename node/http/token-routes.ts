import { createRoute, z } from '@hono/zod-openapi'
import type { TokenBook } from '#node/tokens'
import type { Api } from './caller.ts'
import { answers, takes } from './route-shapes.ts'
import * as schemas from './schemas.ts'

/** Tokens of this API: made, listed with their last use, and revoked. */
export function addTokenRoutes(api: Api, book: TokenBook): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/tokens',
      responses: answers(schemas.TokensSchema, 'Created tokens; that of the data folder is not among them'),
    }),
    (context) => context.json({ tokens: book.list() }, 200),
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/tokens',
      request: takes(schemas.TokenRequest),
      responses: answers(schemas.NewTokenSchema, 'Created; the secret is shown this once'),
    }),
    async (context) => {
      const { name, scope, expiresMs } = context.req.valid('json')
      return context.json(await book.create({ name, scope, expiresMs: expiresMs ?? null }), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/tokens/{id}',
      request: { params: z.object({ id: z.string().max(64) }) },
      responses: answers(schemas.TokensSchema, 'Revoked; what was open on it has ended'),
    }),
    async (context) => {
      await book.revoke(context.req.valid('param').id)
      return context.json({ tokens: book.list() }, 200)
    },
  )
}
