import type { Scope } from './node-types.ts'

/** What a token of each scope may do, for people, least first. */
export const SCOPE_TEXT: Readonly<Record<Scope, string>> = {
  'read-only': 'reads what members read',
  till: 'sells what this device holds, and sees balances and members',
  gate: 'lets people in with their tickets',
  supervisor: 'as gate, and lets people in against a verdict',
  deploy: 'reads, and adds files',
  admin: 'may do everything',
}
