import { fork } from 'node:child_process'
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

/** Changes a second at which automerge-repo brings the same records into an empty process, over a WebSocket. */
export async function automergeCatchUp(changes: number): Promise<number> {
  const server = fork(fileURLToPath(import.meta.url), [String(changes)], { stdio: 'inherit' })
  const [{ port, url }] = (await once(server, 'message')) as [{ port: number; url: AutomergeUrl }]
  const startMs = performance.now()
  const repo = new Repo({ network: [new WebSocketClientAdapter(`ws://127.0.0.1:${port}`)] })
  const handle = await repo.find<Records>(url)
  await handle.whenReady()
  while (rowCount(handle.doc()) < changes) await new Promise((resolve) => handle.once('change', resolve))
  const perSecond = changes / ((performance.now() - startMs) / 1000)
  server.kill()
  await repo.shutdown()
  return perSecond
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

if (import.meta.main) await serve(Number(process.argv[2]))
