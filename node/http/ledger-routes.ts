import { createRoute, z } from '@hono/zod-openapi'
import type { CoopNode } from '#node/host'
import type { Api } from './caller.ts'
import * as schemas from './ledger-schemas.ts'
import { answers, takes } from './route-shapes.ts'

/** Units, balances, entries. */
export function addLedgerRoutes(api: Api, { ledger, rights }: CoopNode): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/ledger/units',
      responses: answers(z.object({ units: z.array(schemas.UnitSchema) }), 'Units with their sums'),
    }),
    (context) => context.json({ units: ledger.units() }, 200),
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/ledger/units',
      request: takes(schemas.DefineRequest),
      responses: answers(schemas.DefinedSchema, 'This device has made the unit'),
    }),
    async (context) => context.json(await ledger.define(context.req.valid('json')), 200),
  )
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/ledger/balances',
      request: { query: schemas.BalanceQuery },
      responses: answers(z.object({ balances: z.array(schemas.BalanceSchema) }), 'What devices have'),
    }),
    (context) => context.json({ balances: ledger.balances(context.req.valid('query')) }, 200),
  )
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/ledger/rights',
      request: { query: schemas.BalanceQuery.pick({ unit: true }) },
      responses: answers(
        schemas.RightsSchema,
        'What can be sold here without the mesh, and what others hold',
      ),
    }),
    (context) => context.json(ledger.rights(context.req.valid('query').unit), 200),
  )
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/ledger/history',
      request: { query: schemas.HistoryQuerySchema },
      responses: answers(schemas.HistorySchema, 'Entries, the newest first'),
    }),
    async (context) => context.json(await ledger.history(context.req.valid('query')), 200),
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/ledger/entries',
      request: takes(schemas.EntriesRequest),
      responses: answers(schemas.WrittenSchema, 'The entries are on the disk, in one commit'),
    }),
    async (context) => {
      const { entries, id } = context.req.valid('json')
      return context.json(await ledger.write(entries, id), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/ledger/take',
      request: takes(schemas.TakeRequest),
      responses: answers(schemas.TakenSchema, 'What connected devices handed over'),
    }),
    async (context) => {
      const { unit, rule, amount } = context.req.valid('json')
      return context.json(await rights.take(unit, rule ?? { amount: amount ?? '' }), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/ledger/keep',
      request: takes(schemas.KeepRequest),
      responses: answers(schemas.RightsSchema, 'The unit is kept at hand, or no more'),
    }),
    async (context) => {
      const { unit, marks } = context.req.valid('json')
      return context.json(await ledger.keep(unit, marks), 200)
    },
  )
}
