import { createRoute, z } from '@hono/zod-openapi'
import type { CoopNode } from '#node/host'
import type { Api } from './caller.ts'
import { answers, takes } from './route-shapes.ts'
import * as schemas from './schemas.ts'

/** Guests who came when their invite was used up; `GET /v1/members` lists them. */
export function addGuestRoutes(api: Api, node: CoopNode): void {
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/guests/admit',
      description: 'Adds uses to the invites and admits who waits. Each guest is in when it asks again.',
      request: takes(schemas.AdmitGuestRequest),
      responses: answers(z.object({ admitted: z.array(schemas.GuestSchema) }), 'Who was let in'),
    }),
    async (context) => {
      const admitted = await node.guests.admit(context.req.valid('json').guest)
      return context.json({ admitted }, 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/guests/drop',
      request: takes(z.object({ guest: z.string().min(1).max(200) })),
      responses: answers(z.object({ dropped: schemas.GuestSchema }), 'Who waits no longer'),
    }),
    async (context) => {
      const dropped = await node.guests.drop(context.req.valid('json').guest)
      return context.json({ dropped }, 200)
    },
  )
}
