import type { Api } from './caller.ts'
import { ROUTE_SCOPES } from './route-scopes.ts'

const METHODS = ['get', 'post', 'put', 'delete'] as const

/** A description with the scopes of each call, and the calls that it names (`GET /v1/status`). */
export function describe(api: Api): { document: object; calls: Set<string> } {
  const document = api.getOpenAPIDocument({
    openapi: '3.0.0',
    info: {
      title: 'Coopmesh node',
      version: '1',
      description:
        'Every call under /v1 needs a token. `x-scopes` names the scopes of the tokens that may make it; a token of ' +
        'another scope is answered with 403 and the code `forbidden`.',
    },
  })
  document.components = { ...document.components, securitySchemes: { token: SCHEME } }
  const calls = new Set<string>()
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method]
      if (operation === undefined) continue
      const call = `${method.toUpperCase()} ${path}`
      calls.add(call)
      operation.security = [{ token: [] }]
      Object.assign(operation, { 'x-scopes': ROUTE_SCOPES[call] ?? [] })
      operation.responses = { ...operation.responses, ...REFUSALS }
    }
  }
  return { document, calls }
}

const SCHEME = { type: 'http', scheme: 'bearer' } as const
const content = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } }
const REFUSALS = {
  401: { description: 'The token is missing, wrong, revoked or expired', content },
  403: { description: 'The scope of the token does not allow it', content },
}
