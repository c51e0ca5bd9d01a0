import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import { printFigure } from './figure.ts'

const COOP = fileURLToPath(new URL('../../node/coop.mjs', import.meta.url))
const SETTLE_MS = 10_000

/** A founded node as a member runs it: time from the command to ready, and memory once it is idle. */
export async function benchIdle(): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'coop-bench-'))
  const env = { ...process.env, COOP_STATE: join(data, 'machine-state') }
  await promisify(execFile)(process.execPath, [COOP, 'found', 'Bench', '--data', data], { env })
  const startMs = performance.now()
  const args = ['start', '--json', '--port', '0', '--http-port', '0', '--data', data]
  const node = spawn(process.execPath, [COOP, ...args], { env })
  await once(createInterface(node.stdout), 'line')
  const readyMs = performance.now() - startMs
  await sleep(SETTLE_MS)
  const status = await readFile(`/proc/${node.pid}/status`, 'utf8')
  const rssBytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024
  node.kill('SIGTERM')
  await once(node, 'exit')
  await rm(data, { recursive: true, force: true })
  printFigure('start to ready', `${Math.round(readyMs)} ms`, 'limit 2,000 ms')
  printFigure('idle memory (RSS)', `${Math.round(rssBytes / 1e6)} MB`, 'limit 200 MB')
}
