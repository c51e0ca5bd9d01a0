import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Repo } from '@automerge/automerge-repo'
import type { AutomergeUrl } from '@automerge/automerge-repo'
import { WebSocketClientAdapter, WebSocketServerAdapter } from '@automerge/automerge-repo-network-websocket'
import { WebSocketServer } from 'ws'

/** The document that both sides hold. */
interface Records {
  rows: Record<string, { name: string; sizeBytes: number; cid: Uint8Array }>
}

/** Changes a second at which automerge-repo brings the same records into an empty process, over a WebSocket. */
export async function automergeCatchUp(changes: number): Promise<number> {
  const server = fork(fileURLToPath(import.meta.url), [String(changes)], { stdio: 'inherit' })
  const [{ port, url }] = (await once(server, 'message')) as [{ port: number; url: AutomergeUrl }]
  const startMs = performance.now()
  const repo = new Repo({ network: [new WebSocketClientAdapter(`ws://127.0.0.1:${port}`)] })
  const handle = await repo.find<Records>(url)
  await handle.whenReady()
  while (Object.keys(handle.doc().rows).length < changes)
    await new Promise((resolve) => handle.once('change', resolve))
  const perSecond = changes / ((performance.now() - startMs) / 1000)
  server.kill()
  await repo.shutdown()
  return perSecond
}

async function serve(changes: number): Promise<void> {
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(sockets, 'listening')
  const repo = new Repo({
    network: [new WebSocketServerAdapter(sockets as never)],
    sharePolicy: async () => false,
  })
  const handle = repo.create<Records>({ rows: {} })
  for (let i = 0; i < changes; i += 1) {
    handle.change((doc) => {
      doc.rows[`${i}`] = { name: `photo ${i}.jpg`, sizeBytes: i, cid: new Uint8Array(36).fill(i) }
    })
  }
  const address = sockets.address()
  if (typeof address === 'object' && address !== null) process.send?.({ port: address.port, url: handle.url })
}

if (import.meta.main) await serve(Number(process.argv[2]))
