import type { z } from '@hono/zod-openapi'
import { ErrorSchema } from './schemas.ts'

/** A JSON answer of a route. */
export function answers<T extends z.ZodType>(schema: T, description: string) {
  return {
    200: { description, content: { 'application/json': { schema } } },
    400: { description: 'A named failure', content: { 'application/json': { schema: ErrorSchema } } },
  }
}

/** A JSON body of a route. */
export function takes<T extends z.ZodType>(schema: T) {
  return { body: { required: true, content: { 'application/json': { schema } } } }
}
