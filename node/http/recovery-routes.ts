import { createRoute, z } from '@hono/zod-openapi'
import { kitsView, previewView, recoveriesView } from '#node/host'
import type { CoopNode } from '#node/host'
import type { Api } from './caller.ts'
import { answers, takes } from './route-shapes.ts'
import * as schemas from './recovery-schemas.ts'
import { PreviewSchema } from './schemas.ts'

/** How members recover a co-op whose stewards are gone, and whose kits do it. */
export function addRecoveryRoutes(api: Api, node: CoopNode): void {
  const voiced = async (id: string): Promise<z.infer<typeof schemas.VoicedSchema>> => {
    const { engine } = node.membership
    const isInForce = engine.replica.authority.epochs.find(id) !== null
    return { recovery: id, isInForce, recoveries: await recoveriesView(engine) }
  }
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/kits',
      responses: answers(
        schemas.KitsSchema,
        'Whose kits and devices decide and recover, and how many may be lost',
      ),
    }),
    async (context) => context.json(await kitsView(node.membership.engine), 200),
  )
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/recoveries',
      responses: answers(schemas.RecoveriesSchema, 'How the co-op can be recovered, and what is under way'),
    }),
    async (context) => context.json(await recoveriesView(node.membership.engine), 200),
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/recoveries/preview',
      request: takes(schemas.RecoveryPreviewRequest),
      responses: answers(PreviewSchema, 'What these changes would make of the co-op; nothing is written'),
    }),
    (context) => {
      const asked = node.recovery.asked(context.req.valid('json').changes)
      return context.json(previewView(node.membership.engine.replica, asked), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/recoveries',
      description:
        'Speaks for these changes. Whoever asks for the same changes adds a voice to the same recovery.',
      request: takes(schemas.RecoveryRequest),
      responses: answers(schemas.VoicedSchema, 'The voice is given'),
    }),
    async (context) => {
      const { changes, kitWords } = context.req.valid('json')
      return context.json(await voiced(await node.recovery.propose(changes, kitWords ?? null)), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/recoveries/{id}/voice',
      request: {
        params: z.object({
          id: z
            .string()
            .max(128)
            .openapi({ description: 'Id in hexadecimal, or its first 8 or more digits' }),
        }),
        ...takes(schemas.VoiceRequest),
      },
      responses: answers(schemas.VoicedSchema, 'The voice is given'),
    }),
    async (context) => {
      const { kitWords } = context.req.valid('json')
      const id = await node.recovery.voice(context.req.valid('param').id, kitWords ?? null)
      return context.json(await voiced(id), 200)
    },
  )
}
