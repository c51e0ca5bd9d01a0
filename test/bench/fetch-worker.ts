import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { CoopNode } from '#node/host'
import { startLibp2p } from '../../node/mesh/libp2p-node.ts'

/** Protocol of the raw stream that the fetch is compared with. */
const RAW = '/bench/raw/1'
const CHUNK_BYTES = 1024 * 1024

/**
 * Half of the fetch benchmark. `server DATA BYTES` founds a co-op, adds a file and offers a raw stream of as many
 * bytes; `client DATA` joins, fetches and reads the raw stream.
 */
const [role = '', data = '', size = ''] = process.argv.slice(2)
const log = pino({ level: process.env['COOP_LOG'] ?? 'warn' }, pino.destination(2))
const config = {
  dataPath: data,
  statePath: null,
  passphrase: undefined,
  port: 0,
  host: '127.0.0.1',
  isMdnsOn: false,
  log,
}
const node = await CoopNode.open(config)
const raw = await startLibp2p({
  ...{ seed: randomBytes(32), coop: new Uint8Array(32), port: 0, host: '127.0.0.1', isMdnsOn: false },
  ...{ isMember: () => true, gater: {} },
})
if (role === 'server') await serve(Number(size))
else await fetchBoth()

async function serve(bytes: number): Promise<void> {
  await node.found('Bench', { memberName: 'Ada', deviceName: 'nas' })
  await node.startMesh()
  const path = join(data, 'big.bin')
  await writeFile(path, randomBytes(bytes))
  const added = await node.desk.addPaths([path], () => null, new AbortController().signal)
  const { link } = await node.invite('member', 1, 3_600_000)
  const chunk = new Uint8Array(CHUNK_BYTES)
  await raw.handle(RAW, async (stream) => {
    for (let sent = 0; sent < bytes; sent += CHUNK_BYTES) if (!stream.send(chunk)) await stream.onDrain()
    await stream.close()
  })
  process.send?.({ link, cid: added.assets[0]?.cid, raw: raw.getMultiaddrs().map(String) })
}

async function fetchBoth(): Promise<void> {
  const [{ link, cid, address, bytes }] = (await once(process, 'message')) as [
    { link: string; cid: string; address: string; bytes: number },
  ]
  await node.join(link, { memberName: 'Bo', deviceName: 'box' })
  await node.startMesh()
  while (node.mesh?.peers()[0]?.state !== 'synced') await sleep(20)
  const rawFirst = await readRaw(address, bytes)
  const startMs = performance.now()
  await node.desk.fetch(cid, () => null, new AbortController().signal)
  const fetchMs = performance.now() - startMs
  const rawSecond = await readRaw(address, bytes)
  process.send?.({
    fetchMs,
    rawMs: Math.min(rawFirst, rawSecond),
    rssBytes: process.resourceUsage().maxRSS * 1024,
  })
}

async function readRaw(address: string, bytes: number): Promise<number> {
  const { multiaddr } = await import('@multiformats/multiaddr')
  const startMs = performance.now()
  const stream = await raw.dialProtocol(multiaddr(address), RAW)
  let read = 0
  for await (const chunk of stream) {
    read += chunk.byteLength
    if (read >= bytes) break
  }
  return performance.now() - startMs
}
