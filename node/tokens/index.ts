export { DEFAULT_SCOPE, SCOPES } from './scope.ts'
export type { Scope } from './scope.ts'
export { TOKEN_LIFETIME_MS_MAX, TokenBook } from './token-book.ts'
export type { Bearer, TokenUse, TokenView } from './token-book.ts'
