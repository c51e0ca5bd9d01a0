import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { createRoute, z } from '@hono/zod-openapi'
import { CommitDesk } from '#node/host'
import type { CoopNode } from '#node/host'
import type { Api } from './caller.ts'
import { sendPieces } from './piece-response.ts'
import { answers } from './route-shapes.ts'
import * as schemas from './schemas.ts'

/** CARv1, as IPFS gateways name it. */
const CAR_TYPE = 'application/vnd.ipld.car; version=1'

/** Commits one by one, and all of them as an evidence file. */
export function addCommitRoutes(api: Api, node: CoopNode): void {
  const desk = new CommitDesk(node)
  const params = z.object({
    id: z
      .string()
      .max(128)
      .openapi({ description: 'Commit id in hexadecimal, or its first 8 or more digits' }),
  })
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/commits/{id}',
      request: { params },
      responses: answers(schemas.CommitSchema, 'A commit as this node holds it'),
    }),
    async (context) => context.json(await desk.show(context.req.valid('param').id), 200),
  )
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/commits/{id}/verify',
      request: { params },
      responses: answers(schemas.CommitChecksSchema, 'The commit checked anew, from its bytes'),
    }),
    async (context) => context.json(await desk.verify(context.req.valid('param').id), 200),
  )
  const query = z.object({
    document: z.string().max(128).optional().openapi({ description: 'Payloads of this document only' }),
    device: z
      .string()
      .max(128)
      .optional()
      .openapi({ description: 'Commits of this device only: PeerId or key' }),
  })
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/export/commits',
      description: 'An evidence file (docs/protocol/evidence.md). `ETag` names its root.',
      request: { query },
      responses: {
        200: {
          description: 'CARv1: headers, payloads and signatures',
          content: { 'application/vnd.ipld.car': { schema: z.any() } },
        },
        400: {
          description: 'A named failure',
          content: { 'application/json': { schema: schemas.ErrorSchema } },
        },
      },
    }),
    async (context) => {
      const { document, device } = context.req.valid('query')
      const { root, commits, pieces } = await desk.evidence({ document, device })
      const headers = {
        'content-type': CAR_TYPE,
        'content-disposition': `attachment; filename="${root}.car"`,
        'x-content-type-options': 'nosniff',
        etag: `"${root}"`,
        'coop-commits': commits,
      }
      // Hono would end a body that broke off as if it were whole.
      await sendPieces((context.env as HttpBindings).outgoing, headers, pieces).catch((cause: unknown) =>
        node.config.log.error({ err: cause }, 'an export broke off'),
      )
      return RESPONSE_ALREADY_SENT
    },
  )
}
