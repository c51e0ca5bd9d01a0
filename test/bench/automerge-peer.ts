import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import * as Automerge from '@automerge/automerge'
import { Repo } from '@automerge/automerge-repo'
import type { AutomergeUrl } from '@automerge/automerge-repo'
import { WebSocketClientAdapter, WebSocketServerAdapter } from '@automerge/automerge-repo-network-websocket'
import { WebSocketServer } from 'ws'

/** Rows lie in shelves of 100: one large map would make every change copy it, and favour us. */
const SHELF_ROWS = 100

/** The document that both sides hold: rows by number, in shelves. */
type Records = Record<string, Record<string, { name: string; sizeBytes: number; cid: Uint8Array }>>

/**
 * Changes a second at which automerge-repo brings the same records into an empty process, over a WebSocket. Both sides
 * are processes of their own, as ours are.
 */
export async function automergeCatchUp(changes: number): Promise<number> {
  const server = start('serve', String(changes))
  const [{ port, url }] = (await once(server, 'message')) as [{ port: number; url: AutomergeUrl }]
  const client = start('fetch', String(changes), String(port), url)
  const [perSecond] = (await once(client, 'message')) as [number]
  for (const side of [server, client]) side.kill()
  return perSecond
}

/** automerge-repo throttles with timeouts below zero, of which Node warns. */
function start(...task: string[]): ChildProcess {
  const execArgv = ['--disable-warning=TimeoutNegativeWarning']
  return fork(fileURLToPath(import.meta.url), task, { stdio: 'inherit', execArgv })
}

async function fetchAll(changes: number, port: string, url: AutomergeUrl): Promise<void> {
  const startMs = performance.now()
  const repo = new Repo({ network: [new WebSocketClientAdapter(`ws://127.0.0.1:${port}`)] })
  const handle = await repo.find<Records>(url)
  await handle.whenReady()
  while (rowCount(handle.doc()) < changes) await new Promise((resolve) => handle.once('change', resolve))
  process.send?.(changes / ((performance.now() - startMs) / 1000))
}

function rowCount(records: Records): number {
  return Object.values(records).reduce((sum, shelf) => sum + Object.keys(shelf).length, 0)
}

async function serve(changes: number): Promise<void> {
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(sockets, 'listening')
  let doc = Automerge.from<Records>({})
  for (let i = 0; i < changes; i += 1) {
    doc = Automerge.change(doc, (draft) => {
      const shelf = String(Math.floor(i / SHELF_ROWS))
      draft[shelf] ??= {}
      const rows = draft[shelf]
      if (rows !== undefined)
        rows[String(i)] = { name: `photo ${i}.jpg`, sizeBytes: i, cid: new Uint8Array(36).fill(i) }
    })
  }
  const repo = new Repo({
    network: [new WebSocketServerAdapter(sockets as never)],
    sharePolicy: async () => false,
  })
  const handle = repo.import<Records>(Automerge.save(doc))
  const address = sockets.address()
  if (typeof address === 'object' && address !== null) process.send?.({ port: address.port, url: handle.url })
}

if (import.meta.main) {
  const [task, changes, port = '', url = ''] = process.argv.slice(2)
  if (task === 'serve') await serve(Number(changes))
  else await fetchAll(Number(changes), port, url as AutomergeUrl)
}
