import { CoopError } from '#node/errors'
import { SCOPES } from '#node/tokens'
import type { Scope } from '#node/tokens'
import type { Api } from './caller.ts'

/** Owners and their page only. */
const ADMIN: readonly Scope[] = ['admin']
/** Whoever may see what members see. */
const READERS: readonly Scope[] = ['read-only', 'deploy', 'admin']
/** Whoever sells, too. */
const TILLS: readonly Scope[] = ['read-only', 'till', 'gate', 'supervisor', 'deploy', 'admin']
/** Whoever lets people in; against a verdict supervisors alone, whose scope the call looks at. */
const GATES: readonly Scope[] = ['gate', 'supervisor', 'admin']
/** Whoever issues tickets. */
const SELLERS: readonly Scope[] = ['till', 'admin']
/** Everybody with a token. */
const ALL: readonly Scope[] = SCOPES

/**
 * Who may make which call: the one place that says so. The API does not start with a call that is missing here, or with
 * a line for a call that it does not have.
 *
 * A `deploy` token adds bytes that it sends. It does not add paths of the node's machine: it could share `api.token`
 * that way, read it as an asset, and be admin.
 */
export const ROUTE_SCOPES: Readonly<Record<string, readonly Scope[]>> = {
  'GET /v1/status': ALL,
  'GET /v1/members': ALL,
  'GET /v1/peers': READERS,
  'GET /v1/events': READERS,
  'GET /v1/assets': READERS,
  'GET /v1/ledger/units': TILLS,
  'GET /v1/ledger/balances': TILLS,
  'GET /v1/ledger/history': READERS,
  'GET /v1/ledger/rights': TILLS,
  'POST /v1/ledger/units': ADMIN,
  'POST /v1/ledger/entries': ['till', 'admin'],
  'POST /v1/ledger/take': ['till', 'admin'],
  'POST /v1/ledger/keep': ADMIN,
  'GET /v1/ledger/statement': READERS,
  'GET /v1/ledger/export': READERS,
  'POST /v1/ledger/import': ADMIN,
  'GET /v1/ledger/splits': READERS,
  'POST /v1/ledger/splits': ADMIN,
  'POST /v1/ledger/splits/preview': ADMIN,
  'POST /v1/ledger/split': ADMIN,
  'POST /v1/ledger/net': ADMIN,
  'GET /v1/ticketing/events': TILLS,
  'GET /v1/ticketing/events/{event}': TILLS,
  'GET /v1/ticketing/events/{event}/log': ['read-only', 'gate', 'supervisor', 'admin'],
  'GET /v1/ticketing/events/{event}/doubles': ['read-only', 'gate', 'supervisor', 'admin'],
  'GET /v1/ticketing/events/{event}/tickets': ADMIN,
  'POST /v1/ticketing/events': ADMIN,
  'POST /v1/ticketing/events/{event}/classes': ADMIN,
  'POST /v1/ticketing/events/{event}/zones': ADMIN,
  'POST /v1/ticketing/events/{event}/buckets': ADMIN,
  'POST /v1/ticketing/events/{event}/lost': ADMIN,
  'POST /v1/ticketing/events/{event}/hand': GATES,
  'POST /v1/ticketing/events/{event}/take': ['gate', 'supervisor', 'till', 'admin'],
  'POST /v1/ticketing/events/{event}/tickets': SELLERS,
  'POST /v1/ticketing/events/{event}/quotes': SELLERS,
  'POST /v1/ticketing/events/{event}/revocations': SELLERS,
  'POST /v1/ticketing/sales': SELLERS,
  'POST /v1/ticketing/events/{event}/scans': GATES,
  'POST /v1/ticketing/events/{event}/verify': GATES,
  'POST /v1/ticketing/events/{event}/undo': GATES,
  'GET /v1/proposals': READERS,
  'GET /v1/proposals/{id}': READERS,
  'GET /v1/seals': READERS,
  'GET /v1/recoveries': READERS,
  'GET /v1/kits': READERS,
  'GET /v1/boards': READERS,
  'GET /v1/documents': READERS,
  'GET /v1/boards/{id}': READERS,
  'GET /v1/commits/{id}': READERS,
  'GET /v1/commits/{id}/verify': READERS,
  'GET /v1/export/commits': READERS,
  'PUT /v1/assets/upload': ['deploy', 'admin'],
  'POST /v1/assets/add': ADMIN,
  'POST /v1/assets/{cid}/fetch': ADMIN,
  'POST /v1/listings/unlist': ADMIN,
  'POST /v1/boards/{id}/fields': ADMIN,
  'POST /v1/boards/{id}/lists/{list}': ADMIN,
  'GET /v1/boards/{id}/live': ADMIN,
  'POST /v1/found': ADMIN,
  'POST /v1/join': ADMIN,
  'POST /v1/restore': ADMIN,
  'POST /v1/invites': ADMIN,
  'DELETE /v1/invites/{invite}': ADMIN,
  'POST /v1/guests/admit': ADMIN,
  'POST /v1/guests/drop': ADMIN,
  'POST /v1/proposals': ADMIN,
  'POST /v1/proposals/preview': ADMIN,
  'POST /v1/proposals/{id}/sign': ADMIN,
  'POST /v1/proposals/{id}/decline': ADMIN,
  'POST /v1/recoveries': ADMIN,
  'POST /v1/recoveries/preview': ADMIN,
  'POST /v1/recoveries/{id}/voice': ADMIN,
  'POST /v1/suspensions': ADMIN,
  'POST /v1/leave': ADMIN,
  'POST /v1/documents/decline': ADMIN,
  'POST /v1/documents/want': ADMIN,
  'POST /v1/mesh': ADMIN,
  'POST /v1/doctor': ADMIN,
  'POST /v1/stop': ADMIN,
  'GET /v1/tokens': ADMIN,
  'POST /v1/tokens': ADMIN,
  'DELETE /v1/tokens/{id}': ADMIN,
}

/** Refuses callers of other scopes, on every call of the table. Added before the calls themselves. */
export function addScopeGuards(api: Api): void {
  for (const call of Object.keys(ROUTE_SCOPES)) {
    const [method = '', path = ''] = call.split(' ')
    api.on(method, path.replaceAll(/\{(\w+)\}/g, ':$1'), async (context, next) => {
      needScope(context.get('caller').scope, call)
      await next()
    })
  }
}

/** Throws unless a caller of this scope may make this call of the table. */
export function needScope(scope: Scope, call: string): void {
  const scopes = ROUTE_SCOPES[call] ?? []
  if (scopes.includes(scope)) return
  throw new CoopError(
    'forbidden',
    `a token of scope ${scope} may not make the call ${call}`,
    `This call needs a token of scope ${scopes.join(' or ')}: \`coop token create NAME --scope ${scopes[0] ?? 'admin'}\`.`,
  )
}

/** Throws when the API and the table do not name the same calls. `described`: the calls of the OpenAPI document. */
export function checkScopes(api: Api, described: ReadonlySet<string>): void {
  const routed = new Set(
    api.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
      .filter((call) => call !== 'GET /openapi.json'),
  )
  const undeclared = [...routed, ...described].filter((call) => ROUTE_SCOPES[call] === undefined)
  const missing = Object.keys(ROUTE_SCOPES).filter((call) => !described.has(call))
  if (undeclared.length > 0) throw new Error(`no scope is declared for ${undeclared.join(', ')}`)
  if (missing.length > 0) throw new Error(`a scope is declared for what is no call: ${missing.join(', ')}`)
}
