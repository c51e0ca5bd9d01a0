import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { createRoute, z } from '@hono/zod-openapi'
import { EXPORT_FORMATS } from '#node/host'
import type { CoopNode, ExportFormat } from '#node/host'
import type { Api } from './caller.ts'
import { WrittenSchema } from './ledger-schemas.ts'
import * as schemas from './money-schemas.ts'
import { sendPieces } from './piece-response.ts'
import { progressAnswer, progressResponse } from './progress-response.ts'
import { answers, takes } from './route-shapes.ts'
import { ErrorSchema } from './schemas.ts'

const TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  balances: 'text/csv; charset=utf-8',
  json: 'application/json',
  beancount: 'text/plain; charset=utf-8',
  hledger: 'text/plain; charset=utf-8',
}
const ENDINGS: Readonly<Record<ExportFormat, string>> = {
  csv: 'csv',
  balances: 'csv',
  json: 'json',
  beancount: 'beancount',
  hledger: 'journal',
}

/** Statements, exports, imports, splits and netting. */
export function addMoneyRoutes(api: Api, node: CoopNode): void {
  const { money, config } = node
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/ledger/statement',
      request: { query: schemas.StatementQuery },
      responses: answers(schemas.StatementSchema, 'The books of a member, or of the co-op'),
    }),
    async (context) => context.json(await money.statement(context.req.valid('query')), 200),
  )
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/ledger/export',
      request: { query: schemas.StatementQuery.extend({ format: z.enum(EXPORT_FORMATS) }) },
      responses: {
        200: {
          description: 'The export, as a file',
          content: { 'application/octet-stream': { schema: z.any() } },
        },
        400: { description: 'A named failure', content: { 'application/json': { schema: ErrorSchema } } },
      },
    }),
    async (context) => {
      const { format, ...request } = context.req.valid('query')
      const pieces = money.export(format, request)
      // What cannot be exported is said before anything is sent.
      const first = await pieces.next()
      const headers = {
        'content-type': TYPES[format],
        'content-disposition': `attachment; filename="ledger.${ENDINGS[format]}"`,
        'x-content-type-options': 'nosniff',
      }
      const { outgoing } = context.env as HttpBindings
      await sendPieces(outgoing, headers, bytesOf(first, pieces)).catch((cause: unknown) =>
        config.log.error({ err: cause }, 'an export broke off'),
      )
      return RESPONSE_ALREADY_SENT
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/ledger/import',
      request: takes(schemas.ImportRequest),
      responses: {
        200: {
          description: 'What the file brings, or would bring, into the ledger',
          content: {
            'application/json': { schema: schemas.ImportSchema },
            ...progressAnswer[200].content,
          },
        },
        400: {
          description: 'A named failure; of a file with `lines`: what is wrong where',
          content: { 'application/json': { schema: schemas.ImportErrorSchema } },
        },
      },
    }),
    async (context) => {
      const { csv, isDry } = context.req.valid('json')
      const bytes = Buffer.from(csv)
      const isWatched = context.req.header('accept')?.includes('application/x-ndjson') === true
      if (!isWatched) return context.json(await money.import(bytes, { isDry }), 200)
      // A stream has no type in the JSON answers of a route.
      return progressResponse((onProgress, signal) =>
        money.import(bytes, { isDry, onProgress, signal }),
      ) as never
    },
  )
  addSplitRoutes(api, node)
  addDebtRoutes(api, node)
}

function addSplitRoutes(api: Api, { money, ledger }: CoopNode): void {
  /** Digits behind the point of fixed parts; null where they are minor units. */
  const scaleOf = (unit: string | undefined): number | null =>
    unit === undefined ? null : ledger.unit(unit).scale
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/ledger/splits',
      responses: answers(schemas.SplitsSchema, 'Split rules, the newest version of each'),
    }),
    (context) => context.json({ splits: money.rules().map(schemas.splitToJson) }, 200),
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/ledger/splits',
      request: takes(schemas.SplitRuleRequest),
      responses: answers(
        WrittenSchema,
        'The rule, or its new version, is written; the same one again is not',
      ),
    }),
    async (context) => {
      const asked = context.req.valid('json')
      return context.json(await money.defineRule(schemas.splitFromJson(asked, scaleOf(asked.unit))), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/ledger/splits/preview',
      request: takes(schemas.SplitPreviewRequest),
      responses: answers(
        schemas.SplitSchema,
        'How a rule would split an amount; its fixed parts are amounts of the unit. Writes nothing',
      ),
    }),
    (context) => {
      const { rule, ...amount } = context.req.valid('json')
      return context.json(money.previewSplit(schemas.splitFromJson(rule, scaleOf(amount.unit)), amount), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/ledger/split',
      request: takes(schemas.SplitRequest),
      responses: answers(schemas.SplitSchema, 'The parts, which sum exactly; handed over if asked for'),
    }),
    async (context) => context.json(await money.split(context.req.valid('json')), 200),
  )
}

function addDebtRoutes(api: Api, { money }: CoopNode): void {
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/ledger/net',
      request: takes(schemas.NetRequest),
      responses: answers(schemas.NetSchema, 'At most one payment less than members'),
    }),
    async (context) => context.json(await money.net(context.req.valid('json')), 200),
  )
}

async function* bytesOf(
  first: IteratorResult<string, void>,
  rest: AsyncGenerator<string>,
): AsyncGenerator<Uint8Array> {
  if (first.done !== true) yield Buffer.from(first.value)
  for await (const piece of rest) yield Buffer.from(piece)
}
