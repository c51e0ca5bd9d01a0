import { createRoute, z } from '@hono/zod-openapi'
import { deviceText } from '#protocol/identity'
import { fromHex } from '#protocol/encoding'
import { previewView, proposalView, proposalsView, sealHistory } from '#node/host'
import type { CoopNode, ProposalView } from '#node/host'
import type { Api } from './caller.ts'
import { answers, takes } from './route-shapes.ts'
import * as schemas from './schemas.ts'

/** Who may do what: proposals, what stewards say of them, seals, suspensions, leaving. */
export function addAuthorityRoutes(api: Api, node: CoopNode): void {
  addProposalRoutes(api, node)
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/seals',
      request: {
        query: z.object({
          below: z.coerce.number().int().min(0).optional().openapi({ description: 'Only below this height' }),
        }),
      },
      responses: answers(schemas.SealsSchema, 'Seals of the line, the newest first'),
    }),
    async (context) => {
      const { below } = context.req.valid('query')
      return context.json(await sealHistory(node.membership.engine, below), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/suspensions',
      request: takes(schemas.SuspendRequest),
      responses: answers(
        z.object({ suspended: z.string().openapi({ description: 'PeerId' }) }),
        'Whoever hears of it keeps away from the device, until a seal closes it or lifts the suspension',
      ),
    }),
    async (context) => {
      const { device, reason } = context.req.valid('json')
      const key = fromHex(await node.authority.suspend(device, reason)) ?? new Uint8Array(32)
      return context.json({ suspended: deviceText(key) }, 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/leave',
      request: takes(schemas.LeaveRequest),
      responses: answers(schemas.LeftSchema, 'This device has left; with the kit all devices of its member'),
    }),
    async (context) => {
      const { kitWords } = context.req.valid('json')
      return context.json(await node.authority.leave(kitWords ?? null), 200)
    },
  )
}

function addProposalRoutes(api: Api, node: CoopNode): void {
  const params = z.object({
    id: z.string().max(128).openapi({ description: 'Id in hexadecimal, or its first 8 or more digits' }),
  })
  const view = (id: string): ProposalView =>
    proposalView(node.membership.engine.replica, node.authority.find(id))
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/proposals',
      responses: answers(schemas.ProposalsSchema, 'Open proposals'),
    }),
    (context) => context.json(proposalsView(node.membership.engine.replica), 200),
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/proposals',
      request: takes(schemas.ProposeRequest),
      responses: answers(schemas.ProposalSchema, 'Asked; a steward who asks approves at once'),
    }),
    async (context) => {
      const { changes, reason } = context.req.valid('json')
      return context.json(view(await node.authority.propose(changes, reason)), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/proposals/preview',
      request: takes(schemas.PreviewRequest),
      responses: answers(
        schemas.PreviewSchema,
        'What these changes would make of the co-op; asks for nothing',
      ),
    }),
    (context) => {
      const asked = node.authority.asked(context.req.valid('json').changes)
      return context.json(previewView(node.membership.engine.replica, asked), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/proposals/{id}',
      request: { params },
      responses: answers(schemas.ProposalSchema, 'A proposal, decided or not'),
    }),
    (context) => context.json(view(context.req.valid('param').id), 200),
  )
  for (const [path, will] of [
    ['/v1/proposals/{id}/sign', 'approve'],
    ['/v1/proposals/{id}/decline', 'decline'],
  ] as const) {
    api.openapi(
      createRoute({
        method: 'post',
        path,
        request: { params },
        responses: answers(schemas.ProposalSchema, 'The proposal with what this steward says of it'),
      }),
      async (context) =>
        context.json(view(await node.authority.say(will, context.req.valid('param').id)), 200),
    )
  }
}
