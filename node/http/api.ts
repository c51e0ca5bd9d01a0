import { Readable } from 'node:stream'
import { OpenAPIHono, createRoute, z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { streamSSE } from 'hono/streaming'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { fromHex, toHex } from '#protocol/encoding'
import { deviceText } from '#protocol/identity'
import { openBoard } from '#node/boards'
import { CoopError, asCoopError } from '#node/errors'
import type { ErrorCode } from '#node/errors'
import { documentState, membersView, peersView, shownTime, statusView } from '#node/host'
import type { Change, CoopNode, Entered } from '#node/host'
import { bearerOf, originOf } from './caller.ts'
import type { Api, ApiEnv, Callers } from './caller.ts'
import { addAuthorityRoutes } from './authority-routes.ts'
import { addCommitRoutes } from './commit-routes.ts'
import { addLedgerRoutes } from './ledger-routes.ts'
import { addMoneyRoutes } from './money-routes.ts'
import { addDoctorRoutes } from './doctor-routes.ts'
import { addDocumentRoutes } from './document-routes.ts'
import { addGuestRoutes } from './guest-routes.ts'
import { addRecoveryRoutes } from './recovery-routes.ts'
import { describe } from './open-api.ts'
import { progressAnswer, progressResponse } from './progress-response.ts'
import { addScopeGuards, checkScopes } from './route-scopes.ts'
import { answers, takes } from './route-shapes.ts'
import * as schemas from './schemas.ts'
import { addTicketRoutes } from './ticket-routes.ts'
import { addTokenRoutes } from './token-routes.ts'

/** What the API stands on besides the node. */
export interface ApiParts {
  callers: Callers
  /** Called when a client asks the node to stop. */
  stop: () => void
}

/**
 * The typed API of a node under `/v1`, for callers whose token has the scope that a call needs; `/openapi.json` describes
 * it. Host and Origin are the server's matter.
 */
export function createApi(node: CoopNode, { callers, stop }: ApiParts): Api {
  const api = new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (result.success) return
      const issue = result.error.issues[0]
      const where = issue?.path.join('.') ?? 'body'
      throw new CoopError(
        'usage',
        `${where}: ${issue?.message ?? 'malformed'}`,
        'See /openapi.json for what this call takes.',
      )
    },
  })
  api.onError((cause, context) => {
    const error = isMalformed(cause)
      ? new CoopError(
          'usage',
          `malformed call: ${cause.message.slice(0, 200)}`,
          'See /openapi.json for what this call takes.',
        )
      : asCoopError(cause)
    if (error.code === 'internal') node.config.log.error({ err: cause }, 'a call failed')
    return context.json(error.toJSON(), STATUS[error.code] ?? 400)
  })
  api.notFound((context) => {
    const error = new CoopError(
      'usage',
      `no such call: ${context.req.method} ${context.req.path}`,
      'See /openapi.json.',
    )
    return context.json(error.toJSON(), 404)
  })
  api.get('/openapi.json', (context) => context.json(described.document))
  api.use('*', async (context, next) => {
    const { req, env } = context
    const origin = originOf(env?.incoming?.socket.remoteAddress, req.header('user-agent'))
    const call = `${req.method} ${req.path}`
    context.set('caller', callers.identify(bearerOf(req.header('authorization')), origin, call))
    await next()
  })
  addScopeGuards(api)
  api.use('*', limited)
  addCoopRoutes(api, node)
  addGuestRoutes(api, node)
  addAuthorityRoutes(api, node)
  addRecoveryRoutes(api, node)
  addMeshRoutes(api, node, stop)
  addAssetRoutes(api, node)
  addBoardRoutes(api, node)
  addCommitRoutes(api, node)
  addLedgerRoutes(api, node)
  addMoneyRoutes(api, node)
  addTicketRoutes(api, node)
  addDoctorRoutes(api, node)
  addDocumentRoutes(api, node)
  addTokenRoutes(api, callers.book)
  const described = describe(api)
  checkScopes(api, described.calls)
  return api
}

/** Bytes of a call's JSON. The largest that are of use name a thousand paths of 4,096 characters. */
const CALL_BYTES_MAX = 4_194_304

/** Whatever is not a file is read at once, so it must not be without end, and has to say how long it is. */
const limited: MiddlewareHandler<ApiEnv> = async ({ req }, next) => {
  const isFile = `${req.method} ${req.path}` === 'PUT /v1/assets/upload'
  const isEndless = req.header('transfer-encoding') !== undefined
  if (!isFile && (isEndless || Number(req.header('content-length') ?? 0) > CALL_BYTES_MAX)) {
    const message = `the body of a call has at most ${CALL_BYTES_MAX} bytes, and says how many`
    throw new CoopError('usage', message, 'Send it with a content-length; a file goes to /v1/assets/upload.')
  }
  return next()
}

function isMalformed(cause: Error): boolean {
  return cause instanceof HTTPException || cause instanceof SyntaxError || cause instanceof z.ZodError
}

const STATUS: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  internal: 500,
  'not-founded': 409,
  'already-founded': 409,
  unauthorized: 401,
  forbidden: 403,
  'token-unknown': 404,
  'disk-full': 507,
  'read-only': 503,
  waiting: 409,
  'mesh-paused': 409,
  'key-superseded': 409,
  unreachable: 504,
  'asset-unknown': 404,
  'asset-not-held': 404,
  'listing-unknown': 404,
  'commit-unknown': 404,
  'commit-ambiguous': 409,
  'member-unknown': 404,
  'device-unknown': 404,
  'proposal-unknown': 404,
  'name-ambiguous': 409,
  'device-closed': 409,
  'not-admitted': 409,
  'document-declined': 409,
  'document-incomplete': 409,
  'event-unknown': 404,
  'ticket-unknown': 404,
  'pass-unknown': 404,
  'ticket-ended': 409,
  'ticket-used': 409,
  'code-needed': 409,
  'bucket-elsewhere': 409,
  'sold-out': 409,
  'not-on-sale': 409,
}

function addCoopRoutes(api: Api, node: CoopNode): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/status',
      responses: answers(schemas.StatusSchema, 'State of this node'),
    }),
    async (context) => context.json(schemas.StatusSchema.parse(await statusView(node)), 200),
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/found',
      request: takes(schemas.FoundRequest),
      responses: answers(schemas.EnteredSchema, 'Founded; the kit is shown this once'),
    }),
    async (context) => {
      const { name, memberName, deviceName } = context.req.valid('json')
      const entered = await node.found(name, namesOf(memberName, deviceName))
      await startMeshIfPossible(node)
      return context.json(enteredView(entered), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/join',
      request: takes(schemas.JoinRequestSchema),
      responses: answers(schemas.EnteredSchema, 'Admitted; the kit is shown this once'),
    }),
    async (context) => {
      const { link, memberName, deviceName, kitWords } = context.req.valid('json')
      const entered = await node.join(link, namesOf(memberName, deviceName), { kitWords })
      await startMeshIfPossible(node)
      return context.json(enteredView(entered), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/restore',
      request: takes(schemas.RestoreRequest),
      responses: answers(schemas.RenewedSchema, 'This folder has a key of its own'),
    }),
    async (context) => {
      const { kitWords, deviceName } = context.req.valid('json')
      return context.json(await node.keys.restore(kitWords, deviceName), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/invites',
      request: takes(schemas.InviteRequest),
      responses: answers(schemas.InviteSchema, 'A new invite; the link is a secret until it is used'),
    }),
    async (context) => {
      const { role, uses, expiresMs } = context.req.valid('json')
      return context.json({ ...(await node.invite(role, uses, expiresMs)), role, uses }, 200)
    },
  )
  const inviteId = z.object({ invite: z.string().regex(/^[0-9a-f]{64}$/) })
  api.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/invites/{invite}',
      request: { params: inviteId },
      responses: answers(schemas.MembersSchema, 'Withdrawn'),
    }),
    async (context) => {
      await node.revoke(context.req.valid('param').invite)
      return context.json(schemas.MembersSchema.parse(membersView(node)), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/members',
      responses: answers(schemas.MembersSchema, 'Members and invites'),
    }),
    (context) => context.json(schemas.MembersSchema.parse(membersView(node)), 200),
  )
}

/** Whatever becomes of the mesh, the kit that is shown this once must reach its owner; the status says what is wrong. */
async function startMeshIfPossible(node: CoopNode): Promise<void> {
  await node
    .startMesh()
    .catch((cause: unknown) => node.config.log.error({ err: cause }, 'the mesh did not start'))
}

function addMeshRoutes(api: Api, node: CoopNode, stop: () => void): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/peers',
      responses: answers(schemas.PeersSchema, 'Other devices'),
    }),
    (context) => context.json(schemas.PeersSchema.parse(peersView(node)), 200),
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/mesh',
      request: takes(schemas.MeshRequest),
      responses: answers(schemas.StatusSchema, 'State after the change'),
    }),
    async (context) => {
      await (context.req.valid('json').state === 'paused' ? node.pause() : node.resume())
      return context.json(schemas.StatusSchema.parse(await statusView(node)), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/stop',
      responses: answers(z.object({ stopping: z.literal(true) }), 'The node is ending'),
    }),
    (context) => {
      setTimeout(stop, 20)
      return context.json({ stopping: true as const }, 200)
    },
  )
  api.openAPIRegistry.registerPath(
    createRoute({
      method: 'get',
      path: '/v1/events',
      description: 'Server-sent events: which parts of the state changed.',
      responses: {
        200: {
          description: 'A stream that stays open',
          content: { 'text/event-stream': { schema: z.string() } },
        },
      },
    }),
  )
  api.get('/v1/events', (context) =>
    streamSSE(context, async (stream) => {
      let pending = new Set<Change>(['status', 'members', 'peers', 'assets', 'boards', 'ledger', 'tickets'])
      let wake: (() => void) | null = null
      const onChange = (what: Change[]): void => {
        for (const one of what) pending.add(one)
        wake?.()
      }
      const { ended } = context.get('caller')
      const onEnd = (): void => wake?.()
      node.on('changed', onChange)
      ended.addEventListener('abort', onEnd)
      stream.onAbort(() => {
        node.off('changed', onChange)
        ended.removeEventListener('abort', onEnd)
        wake?.()
      })
      while (!stream.aborted && !ended.aborted) {
        if (pending.size > 0) {
          const what = [...pending]
          pending = new Set()
          await stream.writeSSE({ data: JSON.stringify({ kind: 'changed', what }) })
          await stream.sleep(EVENT_PAUSE_MS)
          continue
        }
        const isNews = await new Promise<boolean>((resolve) => {
          const timer = setTimeout(() => resolve(false), EVENT_IDLE_MS)
          wake = () => {
            clearTimeout(timer)
            resolve(true)
          }
        })
        if (!isNews) await stream.write(': still here\n\n')
      }
    }),
  )
}

/** Events are gathered for this long, so that a burst of commits is one event. */
const EVENT_PAUSE_MS = 100
/** A comment after this long shows both ends that the stream lives. */
const EVENT_IDLE_MS = 15_000

function addAssetRoutes(api: Api, node: CoopNode): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/assets',
      responses: answers(schemas.AssetsSchema, 'The list of assets'),
    }),
    async (context) => context.json({ assets: await assetsView(node) }, 200),
  )
  api.openAPIRegistry.registerPath(
    createRoute({
      method: 'post',
      path: '/v1/assets/add',
      description:
        'Adds files of the machine that the node runs on. Answers lines of JSON: progress, then a result.',
      request: takes(schemas.AddRequest),
      responses: progressAnswer,
    }),
  )
  api.post('/v1/assets/add', async (context) => {
    const { paths } = schemas.AddRequest.parse(await context.req.json())
    return progressResponse((report, signal) => node.desk.addPaths(paths, report, signal))
  })
  api.openAPIRegistry.registerPath(
    createRoute({
      method: 'put',
      path: '/v1/assets/upload',
      description: 'Adds the bytes of the body as one file.',
      request: {
        query: z.object({ name: z.string().optional().openapi({ description: 'Name of the file' }) }),
        body: { content: { 'application/octet-stream': { schema: z.any() } } },
      },
      responses: answers(schemas.AddedSchema, 'What was added'),
    }),
  )
  api.put('/v1/assets/upload', async (context) => {
    const name = context.req.query('name') ?? 'unnamed'
    // An empty file has no body.
    return context.json(await node.desk.addStream(name, context.req.raw.body ?? Readable.from([])))
  })
  api.openAPIRegistry.registerPath(
    createRoute({
      method: 'post',
      path: '/v1/assets/{cid}/fetch',
      description: 'Fetches an asset from its holders. Answers lines of JSON: progress, then a result.',
      request: { params: z.object({ cid: z.string().max(120) }) },
      responses: progressAnswer,
    }),
  )
  api.post('/v1/assets/:cid/fetch', (context) => {
    const cid = context.req.param('cid')
    return progressResponse(async (report, signal) => {
      const result = await node.desk.fetch(cid, report, signal)
      return { ...result, from: result.from.map((device) => node.desk.nameOf(device)) }
    })
  })
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/listings/unlist',
      request: takes(z.object({ listing: z.string().max(80) })),
      responses: answers(schemas.AssetsSchema, 'The list after the change'),
    }),
    async (context) => {
      await node.desk.unlist(context.req.valid('json').listing)
      return context.json({ assets: await assetsView(node) }, 200)
    },
  )
}

async function assetsView(node: CoopNode): Promise<z.infer<typeof schemas.AssetSchema>[]> {
  const { replica } = node.membership.engine
  const own = replica.authority.devices.get(replica.device ?? '')
  const role = replica.authority.roleOf(replica.device ?? '')
  const connected = new Set(node.mesh?.connectedDevices() ?? [])
  return (await node.desk.rows()).map(({ listing, cid, isHeld, holders }) => ({
    cid,
    name: listing.name,
    bytes: listing.sizeBytes,
    kind: listing.kind,
    isHeld,
    holders: holders.map((device) => ({
      device: deviceText(fromHex(device) ?? new Uint8Array(32)),
      name: node.desk.nameOf(device),
      isConnected: connected.has(device) || device === replica.device,
    })),
    listing: listing.key,
    listedBy: node.desk.nameOf(listing.device),
    listedAtMs: shownTime(listing.timeMs),
    canUnlist: own !== undefined && (role === 'steward' || own.member === listing.member),
  }))
}

function addBoardRoutes(api: Api, node: CoopNode): void {
  const params = z.object({ id: z.string().min(1).max(63) })
  const anyJson = z.any().refine((value) => value !== undefined, 'a JSON value is needed')
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/boards',
      responses: answers(schemas.BoardsSchema, 'Boards of the co-op'),
    }),
    (context) => {
      const { replica } = node.membership.engine
      const boards = replica.documentIds().filter((id) => id.startsWith('board/'))
      const rows = boards.map((id) => ({
        ...{ id: id.slice('board/'.length), state: documentState(replica, id) },
        ...replica.documents.countsOf(id),
      }))
      return context.json({ boards: rows.filter((row) => row.commits > 0) }, 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/boards/{id}',
      request: { params },
      responses: answers(schemas.BoardSchema, 'What a board shows'),
    }),
    async (context) => context.json(await boardView(node, context.req.valid('param').id), 200),
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/boards/{id}/fields',
      request: { params, ...takes(z.object({ key: z.string().min(1).max(128), value: anyJson })) },
      responses: answers(schemas.BoardSchema, 'The board after the change'),
    }),
    async (context) => {
      const { id } = context.req.valid('param')
      const { key, value } = context.req.valid('json')
      await node.editBoard(id, async (writer) => writer.set(key, value))
      return context.json(await boardView(node, id), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/boards/{id}/lists/{list}',
      request: {
        params: params.extend({ list: z.string().max(63) }),
        ...takes(z.object({ value: anyJson })),
      },
      responses: answers(schemas.BoardSchema, 'The board after the change'),
    }),
    async (context) => {
      const { id, list } = context.req.valid('param')
      const { value } = context.req.valid('json')
      await node.editBoard(id, async (writer) => writer.append(list, value))
      return context.json(await boardView(node, id), 200)
    },
  )
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/boards/{id}/live',
      description:
        'A WebSocket with the subprotocols `coopmesh.board.1` and `token.<token>`: the edits of a page and of everybody else.',
      request: { params },
      responses: answers(schemas.ErrorSchema, 'Never: without an upgrade it is refused'),
    }),
    () => {
      throw new CoopError('usage', 'a live board is a WebSocket', 'Ask for an upgrade of the connection.')
    },
  )
}

async function boardView(node: CoopNode, name: string): Promise<z.infer<typeof schemas.BoardSchema>> {
  const board = await openBoard(node.membership.engine, name)
  return { id: board.document, stateHash: toHex(board.stateHash()), ...board.view() }
}

function namesOf(
  memberName: string | undefined,
  deviceName: string | undefined,
): { memberName: string; deviceName: string } {
  return { memberName: memberName ?? 'Member', deviceName: deviceName ?? 'device' }
}

function enteredView(entered: Entered): z.infer<typeof schemas.EnteredSchema> {
  const { coop, name, device, member, words, note } = entered
  return { coop, name, device, member, recoveryKit: words === null ? null : { words, note } }
}
