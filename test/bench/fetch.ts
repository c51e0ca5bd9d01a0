import { createHash, randomBytes } from 'node:crypto'
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { printFigure } from './figure.ts'

const BYTES = Number(process.env['BENCH_BYTES'] ?? 256 * 1024 * 1024)

/** Fetch of one large asset between two processes, verified and fsynced, beside a raw stream, raw hash and raw disk. */
export async function benchFetch(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'coop-bench-'))
  const workers: ChildProcess[] = []
  const start = (...args: string[]): ChildProcess => {
    const worker = fork(fileURLToPath(new URL('fetch-worker.ts', import.meta.url)), args, {
      stdio: 'inherit',
    })
    workers.push(worker)
    return worker
  }
  try {
    const server = start('server', join(folder, 'server'), String(BYTES))
    const [offer] = (await once(server, 'message')) as [{ link: string; cid: string; raw: string[] }]
    const client = start('client', join(folder, 'client'))
    client.send({ link: offer.link, cid: offer.cid, address: offer.raw[0], bytes: BYTES })
    const [{ fetchMs, rawMs, rssBytes }] = (await once(client, 'message')) as [
      { fetchMs: number; rawMs: number; rssBytes: number },
    ]
    const ours = rate(fetchMs)
    const [hash, disk] = [await rawHash(), await rawDisk(join(folder, 'raw'))]
    printFigure(
      `fetch of ${BYTES / 1024 / 1024} MiB, verified, fsynced`,
      `${ours.toFixed(0)} MB/s`,
      `peak RSS of the receiver ${Math.round(rssBytes / 1e6)} MB`,
    )
    printFigure(
      '  raw libp2p stream',
      `${rate(rawMs).toFixed(0)} MB/s`,
      `ratio ${(ours / rate(rawMs)).toFixed(2)}`,
    )
    printFigure('  raw SHA-256, one thread', `${hash.toFixed(0)} MB/s`, `ratio ${(ours / hash).toFixed(2)}`)
    printFigure(
      '  raw disk, written and fsynced',
      `${disk.toFixed(0)} MB/s`,
      `ratio ${(ours / disk).toFixed(2)}`,
    )
  } finally {
    for (const worker of workers) worker.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
}

function rate(ms: number): number {
  return BYTES / 1000 / ms
}

async function rawHash(): Promise<number> {
  const chunk = randomBytes(1024 * 1024)
  const startMs = performance.now()
  const hash = createHash('sha256')
  for (let done = 0; done < BYTES; done += chunk.length) hash.update(chunk)
  hash.digest()
  return rate(performance.now() - startMs)
}

async function rawDisk(path: string): Promise<number> {
  const chunk = randomBytes(1024 * 1024)
  const startMs = performance.now()
  const file = await open(path, 'w')
  for (let done = 0; done < BYTES; done += chunk.length) await file.write(chunk)
  await file.sync()
  await file.close()
  return rate(performance.now() - startMs)
}
