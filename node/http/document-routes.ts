import { createRoute, z } from '@hono/zod-openapi'
import { DOCUMENT_ID_LENGTH_MAX } from '#protocol/commit'
import { declineDocument, documentViews, wantDocument } from '#node/host'
import type { CoopNode } from '#node/host'
import type { Api } from './caller.ts'
import { answers, takes } from './route-shapes.ts'
import * as schemas from './schemas.ts'

/** Documents of the co-op, and which of them are kept on this device. */
export function addDocumentRoutes(api: Api, node: CoopNode): void {
  const view = async (): Promise<z.infer<typeof schemas.DocumentsSchema>> => {
    const { documents } = await documentViews(node.membership.engine)
    return { documents }
  }
  const body = z.object({ id: z.string().min(1).max(DOCUMENT_ID_LENGTH_MAX) })
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/documents',
      responses: answers(schemas.DocumentsSchema, 'What this device has of each document'),
    }),
    async (context) => context.json(await view(), 200),
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/documents/decline',
      description: 'Payloads of this document are no longer sent to this device. What is here stays.',
      request: takes(body),
      responses: answers(schemas.DocumentsSchema, 'The documents after the change'),
    }),
    async (context) => {
      await declineDocument(node, context.req.valid('json').id)
      return context.json(await view(), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/documents/want',
      description: 'The document is wanted again; what is missing is asked from other devices.',
      request: takes(body),
      responses: answers(schemas.DocumentsSchema, 'The documents after the change'),
    }),
    async (context) => {
      await wantDocument(node, context.req.valid('json').id)
      return context.json(await view(), 200)
    },
  )
}
