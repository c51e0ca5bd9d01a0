import { DataFolder, needFolder } from '#node/folder'
import type { Scope, TokenView } from '#node/tokens'
import { TokenBook } from '#node/tokens'
import { NodeClient } from './client.ts'
import type { Globals } from './main.ts'
import { paint, printResult, safe, table } from './output.ts'

/** `coop token create NAME`: on the running node, or in its folder when none runs. */
export async function tokenCreateCommand(
  globals: Globals,
  name: string,
  options: { scope: Scope; expires?: number },
): Promise<void> {
  const expiresMs = options.expires === undefined ? null : options.expires * 86_400_000
  const client = await NodeClient.find(globals.data)
  const body = { name, scope: options.scope, ...(expiresMs !== null && { expiresMs }) }
  const made =
    client === null
      ? await withBook(globals, async (book) => book.create({ name, scope: options.scope, expiresMs }))
      : ((await client.call('POST', '/v1/tokens', body)) as TokenView & { secret: string })
  if (globals.json) return printResult(globals, made, '')
  // The secret alone on stdout, so that it can be piped; the rest is for the person.
  process.stdout.write(`${made.secret}\n`)
  const until = made.expiresAtMs === null ? 'does not expire' : `until ${timeText(made.expiresAtMs)} UTC`
  process.stderr.write(
    `token ${made.id} “${safe(made.name)}”, ${made.scope}, ${until}. It is shown this once; ` +
      `\`coop token revoke ${made.id}\` ends it.\n`,
  )
}

/** `coop token ls`. */
export async function tokenListCommand(globals: Globals): Promise<void> {
  const client = await NodeClient.find(globals.data)
  const tokens =
    client === null
      ? await withBook(globals, async (book) => Promise.resolve(book.list()))
      : ((await client.call('GET', '/v1/tokens')) as { tokens: TokenView[] }).tokens
  const nowMs = Date.now()
  const rows = tokens.map(({ id, name, scope, expiresAtMs, lastUse }) => [
    ...[id, name, scope],
    expiresAtMs === null
      ? '-'
      : `${expiresAtMs <= nowMs ? 'expired ' : ''}${timeText(expiresAtMs).slice(0, 10)}`,
    lastUse === null ? 'never' : timeText(lastUse.atMs),
    lastUse === null ? '' : `${lastUse.from}: ${lastUse.call}`,
  ])
  const text =
    rows.length === 0
      ? 'no tokens; `coop token create NAME` makes one that may only read'
      : table(['ID', 'NAME', 'SCOPE', 'EXPIRES', 'LAST USE (UTC)', 'FROM'], rows)
  printResult(globals, { tokens }, text)
}

/** `coop token revoke ID`. */
export async function tokenRevokeCommand(globals: Globals, id: string): Promise<void> {
  const client = await NodeClient.find(globals.data)
  if (client === null) await withBook(globals, async (book) => book.revoke(id))
  else await client.call('DELETE', `/v1/tokens/${encodeURIComponent(id)}`)
  printResult(globals, { revoked: id }, `${paint('1', safe(id))} no longer works`)
}

/** Works on the tokens of a folder that no node runs on. Needs no device key. */
async function withBook<T>(globals: Globals, work: (book: TokenBook) => Promise<T>): Promise<T> {
  await needFolder(globals.data)
  const folder = await DataFolder.open(globals.data)
  try {
    const book = await TokenBook.open(folder.tokensPath, folder.findings)
    const result = await work(book)
    await book.close()
    return result
  } finally {
    await folder.close()
  }
}

function timeText(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')
}
