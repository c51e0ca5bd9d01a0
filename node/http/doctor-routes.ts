import { createRoute } from '@hono/zod-openapi'
import { examineNode } from '#node/doctor'
import { CoopError } from '#node/errors'
import type { CoopNode } from '#node/host'
import type { Api } from './caller.ts'
import { progressAnswer, progressResponse } from './progress-response.ts'
import { takes } from './route-shapes.ts'
import * as schemas from './schemas.ts'

/** What is damaged on the disk, while the node runs. */
export function addDoctorRoutes(api: Api, node: CoopNode): void {
  let isRunning = false
  api.openAPIRegistry.registerPath(
    createRoute({
      method: 'post',
      path: '/v1/doctor',
      description: 'Looks at everything on the disk. Answers lines of JSON: progress, then a result.',
      request: takes(schemas.DoctorRequest),
      responses: progressAnswer,
    }),
  )
  api.post('/v1/doctor', async (context) => {
    const options = schemas.DoctorRequest.parse(await context.req.json())
    return progressResponse(async (onProgress, signal) => {
      if (isRunning) throw new CoopError('refused', 'the doctor is at work already', 'Wait until it is done.')
      isRunning = true
      try {
        const report = await examineNode(node, options, { onProgress, signal, isStopped: false })
        return schemas.DoctorSchema.parse(report)
      } finally {
        isRunning = false
      }
    })
  })
}
