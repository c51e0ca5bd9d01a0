import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { CoopNode } from '#node/host'

/** One node of a benchmark in a process of its own: `node-worker.ts DATA [commits to wait for]`. */
const [data = '', wanted = ''] = process.argv.slice(2)
const startedMs = performance.now()
const node = await CoopNode.open({
  ...{ dataPath: data, passphrase: undefined, port: 0, host: '127.0.0.1', isMdnsOn: false },
  log: pino({ level: process.env['COOP_LOG'] ?? 'warn' }, pino.destination(2)),
})
await node.startMesh()
process.send?.({ ready: node.mesh?.inviteAddresses() ?? [], openMs: performance.now() - startedMs })
process.on('message', () => void node.close().then(() => process.exit(0)))
if (wanted !== '') {
  const { engine } = node.membership
  while (engine.replica.logLength === 0) await sleep(1)
  const firstMs = performance.now()
  while (engine.replica.logLength < Number(wanted)) await sleep(2)
  await engine.durable()
  const rssBytes = process.resourceUsage().maxRSS * 1024
  process.send?.({
    done: performance.now() - firstMs,
    root: Buffer.from(engine.replica.heads.root()).toString('hex'),
    rssBytes,
  })
}
