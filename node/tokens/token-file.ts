import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { systemCode } from '#node/errors'
import { writeDurably } from '#node/folder'
import { isScope } from './scope.ts'
import type { Scope } from './scope.ts'

/** The last call that was made with a token. */
export interface TokenUse {
  atMs: number
  /** Address and program of the caller, as it names itself. */
  from: string
  /** Method and path. */
  call: string
}

/** A token as it lies on the disk: everything but its secret. */
export interface TokenRow {
  /** 8 hexadecimal digits. */
  id: string
  name: string
  scope: Scope
  createdAtMs: number
  /** Null when it does not expire. */
  expiresAtMs: number | null
  lastUse: TokenUse | null
  /** SHA-256 of the secret, hex. */
  hash: string
}

/** Reads the file of tokens: a line of JSON and its checksum. Null when it is damaged, no rows when there is none. */
export async function readTokenFile(path: string): Promise<TokenRow[] | null> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return null
    throw cause
  })
  if (text === null) return []
  const [line = '', check] = text.split('\n')
  if (check !== checkOf(line)) return null
  const rows: unknown = JSON.parse(line)
  return Array.isArray(rows) && rows.every(isRow) ? rows : null
}

/** Replaces the file of tokens; after any crash it holds the old rows or the new ones. */
export async function writeTokenFile(path: string, rows: readonly TokenRow[]): Promise<void> {
  const line = JSON.stringify(rows)
  await writeDurably(path, `${line}\n${checkOf(line)}\n`)
}

function checkOf(line: string): string {
  return createHash('sha256').update('coopmesh api tokens\n').update(line).digest('hex')
}

function isRow(value: unknown): value is TokenRow {
  if (typeof value !== 'object' || value === null) return false
  const { id, name, scope, createdAtMs, expiresAtMs, lastUse, hash } = value as Partial<TokenRow>
  return (
    typeof id === 'string' &&
    typeof name === 'string' &&
    isScope(scope) &&
    typeof createdAtMs === 'number' &&
    (expiresAtMs === null || typeof expiresAtMs === 'number') &&
    typeof lastUse === 'object' &&
    typeof hash === 'string' &&
    /^[0-9a-f]{64}$/.test(hash)
  )
}
