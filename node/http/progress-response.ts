import { asCoopError } from '#node/errors'
import * as schemas from './schemas.ts'

/** The answer of long work. */
export const progressAnswer = {
  200: {
    description: 'Lines of JSON; the last has `result` or `error`',
    content: { 'application/x-ndjson': { schema: schemas.ProgressSchema } },
  },
}

/** Lines are dropped between two within this time, so that progress never slows the work. */
const PROGRESS_EVERY_MS = 100

/** Runs long work and streams its progress; a client that goes away stops the work. */
export function progressResponse(
  work: (report: (progress: object) => void, signal: AbortSignal) => Promise<unknown>,
): Response {
  const stopper = new AbortController()
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      let lastMs = 0
      const line = (value: object): void => controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`))
      const report = (progress: object): void => {
        if (Date.now() - lastMs < PROGRESS_EVERY_MS || stopper.signal.aborted) return
        lastMs = Date.now()
        line({ progress })
      }
      let last: object
      try {
        last = { result: await work(report, stopper.signal) }
      } catch (cause) {
        last = asCoopError(cause).toJSON()
      }
      if (stopper.signal.aborted) return
      line(last)
      controller.close()
    },
    cancel: () => stopper.abort(),
  })
  return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } })
}
