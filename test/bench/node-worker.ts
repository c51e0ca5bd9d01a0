import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { CATALOGUE, encodeCatalogueEntries } from '#protocol/catalogue'
import { toHex } from '#protocol/encoding'
import { loadSmall } from '../../node/load-small.mjs'
import { percentile } from './figure.ts'

/**
 * One node of a benchmark in a process of its own: `node-worker.ts DATA [task…]`. Tasks: `catch-up TOTAL` waits for so
 * many commits; with `append` after it, it writes meanwhile; `append COUNT` writes one commit after the other; `live`
 * tells when commits of others are on the disk, and writes when asked; `ledger` asks for balances.
 */
const [data = '', task = '', argument = '', extra = ''] = process.argv.slice(2)
/** Pause between two writes while a catch-up runs: a busy till. */
const APPEND_EVERY_MS = 20
/** How often the ledger is asked. */
const QUERIES = 500

const startedMs = performance.now()
const { CoopNode } = await loadSmall(async () => import('#node/host'))
const node = await CoopNode.open({
  ...{ dataPath: data, statePath: null, passphrase: undefined, port: 0, host: '127.0.0.1', isMdnsOn: false },
  log: pino({ level: process.env['COOP_LOG'] ?? 'warn' }, pino.destination(2)),
})
await node.startMesh()
const { engine } = node.membership
const openMs = performance.now() - startedMs
const { user, system } = process.cpuUsage()
process.send?.({ ready: node.mesh?.inviteAddresses() ?? [], openMs })
process.on('message', (message) => {
  if (message === 'stop') void node.close().then(() => process.exit(0))
  else if (message === 'write') void write()
})
if (task === 'catch-up') await catchUp(Number(argument), extra === 'append')
else if (task === 'append') await append(Number(argument))
else if (task === 'live') tellNews()
else if (task === 'ledger') await askLedger()

async function catchUp(total: number, isWriting: boolean): Promise<void> {
  while (engine.replica.logLength === 0) await sleep(1)
  const firstMs = performance.now()
  const tookMs: number[] = []
  for (let at = 0; engine.replica.logLength < total; at += 1) {
    if (isWriting && engine.replica.standing !== null) tookMs.push(await timed(at))
    await sleep(isWriting ? APPEND_EVERY_MS : 2)
  }
  await engine.durable()
  const done = performance.now() - firstMs
  const rssBytes = peakBytes()
  const foldMs = performance.now()
  await engine.open(CATALOGUE)
  process.send?.({ done, foldMs: performance.now() - foldMs, tookMs, rssBytes, foldedRssBytes: peakBytes() })
}

async function append(count: number): Promise<void> {
  const tookMs: number[] = []
  for (let at = 0; at < count; at += 1) tookMs.push(await timed(at))
  process.send?.({ tookMs })
}

/** Times one commit from the call to its fsynced acknowledgement, ms. */
async function timed(at: number): Promise<number> {
  const startMs = performance.now()
  await write(at)
  return performance.now() - startMs
}

async function write(at = 0): Promise<void> {
  const cid = Uint8Array.of(1, 0x55, 0x12, 0x20, ...new Uint8Array(32).fill(at))
  const payload = encodeCatalogueEntries([
    { t: 'list', cid, name: `news ${at}`, sizeBytes: at, kind: 'file' },
  ])
  const startNs = process.hrtime.bigint()
  const commit = await engine.append([{ document: CATALOGUE, entries: 1, payload }])
  process.send?.({ wrote: toHex(commit.id), atNs: startNs.toString() })
}

/** Times what is read off the ledger: all balances, and what the books make of a next sale. */
async function askLedger(): Promise<void> {
  await sleep(500)
  const balances: number[] = []
  const judgements: number[] = []
  for (let i = 0; i < QUERIES; i += 1) {
    const startMs = performance.now()
    node.ledger.balances({})
    const askedMs = performance.now()
    engine.replica.judge([{ kind: 'fact', unit: 'stock-none', amount: 1n, into: 'stock-none-' }])
    balances.push(askedMs - startMs)
    judgements.push(performance.now() - askedMs)
  }
  const ledger = {
    balanceFirstMs: balances[0],
    balanceP99Ms: percentile(balances.slice(1), 99),
    judgeFirstMs: judgements[0],
    judgeP99Ms: percentile(judgements.slice(1), 99),
  }
  process.send?.({ cpuMs: (user + system) / 1_000, ledger })
}

/** Peak memory of this process. Not `ru_maxrss`, which begins with what the parent held when it forked. */
function peakBytes(): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024
}

function tellNews(): void {
  const { history } = engine.replica
  engine.on('durable', ({ batch }) => {
    const atNs = process.hrtime.bigint().toString()
    const counted = batch.records.map((_, i) => toHex(history.idOf(batch.first + i)))
    process.send?.({ counted, atNs })
  })
}
