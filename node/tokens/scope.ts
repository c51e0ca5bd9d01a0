/**
 * What a token of the API is for, least first. Which calls each may make stands in `node/http/route-scopes.ts`, the one
 * table of it.
 */
export const SCOPES = ['read-only', 'till', 'gate', 'supervisor', 'deploy', 'admin'] as const

/** One of the scopes. A token has exactly one. */
export type Scope = (typeof SCOPES)[number]

/** The scope of a token for which nobody named one. */
export const DEFAULT_SCOPE: Scope = 'read-only'

/** True for the name of a scope. */
export function isScope(value: unknown): value is Scope {
  return SCOPES.some((scope) => scope === value)
}
