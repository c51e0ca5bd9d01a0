import type { Scope } from './node-types.ts'

/** What a token of each scope may do, for people, least first. */
export const SCOPE_TEXT: Readonly<Record<Scope, string>> = {
  'read-only': 'reads what members read',
  till: 'sells what this device holds, and sees balances and members',
  gate: 'sees the state of this device, balances and members',
  deploy: 'reads, and adds files',
  admin: 'may do everything',
}
