import { createRoute, z } from '@hono/zod-openapi'
import type { CoopNode } from '#node/host'
import { CoopError } from '#node/errors'
import type { Scope } from '#node/tokens'
import type { Api } from './caller.ts'
import { answers, takes } from './route-shapes.ts'
import * as schemas from './ticket-schemas.ts'

const EVENTS = '/v1/ticketing/events'
const EVENT = `${EVENTS}/{event}`

/** Events, tickets, gates and the sale of them. */
export function addTicketRoutes(api: Api, node: CoopNode): void {
  addEventRoutes(api, node)
  addIssueRoutes(api, node)
  addGateRoutes(api, node)
}

function addEventRoutes(api: Api, { events }: CoopNode): void {
  const written = z.object({ commit: z.string().nullable(), isRepeat: z.boolean() })
  const params = schemas.EventParam
  api.openapi(
    createRoute({
      method: 'get',
      path: EVENTS,
      responses: answers(z.object({ events: z.array(schemas.EventSchema) }), 'Events, the latest first'),
    }),
    async (context) => context.json({ events: await events.list() }, 200),
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: EVENTS,
      request: takes(schemas.EventRequestSchema),
      responses: answers(written.extend({ event: z.string() }), 'The event is made'),
    }),
    async (context) => context.json(await events.create(context.req.valid('json')), 200),
  )
  api.openapi(
    createRoute({
      method: 'get',
      path: EVENT,
      request: { params, query: schemas.EventQuery },
      responses: answers(schemas.EventSchema, 'An event'),
    }),
    async (context) =>
      context.json(await events.view(context.req.valid('param').event, context.req.valid('query').gate), 200),
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: `${EVENT}/classes`,
      request: { params, ...takes(schemas.ClassRequestSchema) },
      responses: answers(written.extend({ class: z.string() }), 'The class is there, with its seats'),
    }),
    async (context) => {
      const { class: known, ...request } = context.req.valid('json')
      const { event } = context.req.valid('param')
      return context.json(await events.setClass(event, request, known), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: `${EVENT}/zones`,
      request: { params, ...takes(schemas.ZoneRequestSchema) },
      responses: answers(written.extend({ unit: z.string() }), 'The zone is there, with its room'),
    }),
    async (context) =>
      context.json(await events.addZone(context.req.valid('param').event, context.req.valid('json')), 200),
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: `${EVENT}/buckets`,
      request: { params, ...takes(schemas.BucketRequestSchema) },
      responses: answers(written.extend({ buckets: z.array(z.string()) }), 'This device holds the buckets'),
    }),
    async (context) =>
      context.json(await events.addBuckets(context.req.valid('param').event, context.req.valid('json')), 200),
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: `${EVENT}/lost`,
      request: { params, ...takes(schemas.LostRequestSchema) },
      responses: answers(written, 'Its tickets are admitted openly from now on, or no longer'),
    }),
    async (context) => {
      const { bucket, lost } = context.req.valid('json')
      return context.json(await events.setLost(context.req.valid('param').event, bucket, lost), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: `${EVENT}/hand`,
      request: { params, ...takes(schemas.HandRequestSchema) },
      responses: answers(
        schemas.HandedSchema,
        'The buckets are the other device’s, once it is in reach; the same again goes on where it was cut off',
      ),
    }),
    async (context) => {
      return context.json(await events.hand(context.req.valid('param').event, context.req.valid('json')), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: `${EVENT}/take`,
      request: { params, ...takes(schemas.TakeRequestSchema) },
      responses: answers(
        z.object({ taken: z.array(z.string()), missing: z.array(z.string()) }),
        'Buckets that came from devices in reach, and those that did not',
      ),
    }),
    async (context) =>
      context.json(await events.take(context.req.valid('param').event, context.req.valid('json').group), 200),
  )
}

function addIssueRoutes(api: Api, { tickets }: CoopNode): void {
  const params = schemas.EventParam
  api.openapi(
    createRoute({
      method: 'post',
      path: `${EVENT}/tickets`,
      request: { params, ...takes(schemas.IssueRequestSchema) },
      responses: answers(schemas.IssuedSchema, 'The tickets are issued, and that is on the disk'),
    }),
    async (context) =>
      context.json(await tickets.issue(context.req.valid('param').event, context.req.valid('json')), 200),
  )
  api.openapi(
    createRoute({
      method: 'get',
      path: `${EVENT}/tickets`,
      request: { params, query: schemas.TicketsQuery },
      responses: answers(schemas.TicketsSchema, 'Tickets that this device issued, as they were handed out'),
    }),
    async (context) => {
      const { from = 0, limit } = context.req.valid('query')
      const page = limit === undefined ? null : { from, limit }
      return context.json(await tickets.list(context.req.valid('param').event, page), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: `${EVENT}/quotes`,
      request: { params, ...takes(schemas.QuoteRequestSchema) },
      responses: answers(schemas.QuoteSchema, 'A price that stands for some minutes'),
    }),
    async (context) =>
      context.json(
        await tickets.quote(context.req.valid('param').event, context.req.valid('json').class),
        200,
      ),
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: `${EVENT}/revocations`,
      request: { params, ...takes(schemas.CancelRequestSchema) },
      responses: answers(schemas.CancelSchema, 'The ticket is ended, or its gate is asked to'),
    }),
    async (context) =>
      context.json(await tickets.cancel(context.req.valid('param').event, context.req.valid('json')), 200),
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/ticketing/sales',
      request: takes(schemas.SaleRequestSchema),
      responses: answers(schemas.SaleSchema, 'Sold, in one commit that is on the disk'),
    }),
    async (context) => {
      const { lines, id } = context.req.valid('json')
      return context.json(await tickets.sell(lines, id), 200)
    },
  )
}

function addGateRoutes(api: Api, { gate }: CoopNode): void {
  const params = schemas.EventParam
  api.openapi(
    createRoute({
      method: 'post',
      path: `${EVENT}/scans`,
      request: { params, ...takes(schemas.ScanRequestSchema) },
      responses: answers(schemas.ScanSchema, 'What the gate says of the ticket'),
    }),
    async (context) => {
      const scan = context.req.valid('json')
      if (scan.override !== undefined) needSupervisor(context.get('caller').scope)
      return context.json(await gate.scan(context.req.valid('param').event, scan), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: `${EVENT}/verify`,
      request: { params, ...takes(schemas.ScanRequestSchema.omit({ id: true })) },
      responses: answers(schemas.ScanSchema, 'The same, and nobody passes'),
    }),
    async (context) =>
      context.json(await gate.verify(context.req.valid('param').event, context.req.valid('json')), 200),
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: `${EVENT}/undo`,
      request: { params, ...takes(schemas.UndoRequestSchema) },
      responses: answers(
        z.object({ admission: z.string(), commit: z.string().nullable(), isRepeat: z.boolean() }),
        'The pass does not count',
      ),
    }),
    async (context) =>
      context.json(await gate.undo(context.req.valid('param').event, context.req.valid('json')), 200),
  )
  api.openapi(
    createRoute({
      method: 'get',
      path: `${EVENT}/log`,
      request: { params, query: schemas.LogQuery },
      responses: answers(schemas.LogSchema, 'Who passed and who was not let in, the newest first'),
    }),
    async (context) =>
      context.json(await gate.log(context.req.valid('param').event, context.req.valid('query')), 200),
  )
  api.openapi(
    createRoute({
      method: 'get',
      path: `${EVENT}/doubles`,
      request: { params },
      responses: answers(schemas.DoublesSchema, 'Seats that were let in twice, with what both gates signed'),
    }),
    async (context) => context.json(await gate.doubles(context.req.valid('param').event), 200),
  )
}

function needSupervisor(scope: Scope): void {
  if (SUPERVISORS.includes(scope)) return
  throw new CoopError(
    'forbidden',
    `a token of scope ${scope} lets in by the rules alone`,
    'Scan the ticket with the phone of a supervisor: `coop token create NAME --scope supervisor`.',
  )
}

/** Whoever may let somebody in against a verdict, with a reason. */
const SUPERVISORS: readonly Scope[] = ['supervisor', 'admin']
