import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { tokenPath } from '#node/folder'
import { Workbench } from '../actors/workbench.ts'
import type { NodeProcess } from '../actors/node-process.ts'
import { percentile, perSecond, printFigure } from './figure.ts'

/** Tickets that are issued at once. */
const ISSUED = Number(process.env['BENCH_TICKETS'] ?? 25_000)
/** Scans of many lanes at once. */
const SCANS = Number(process.env['BENCH_SCANS'] ?? 10_000)
const LANES = 50
/** Scans of lanes that each begin one every so often: 30 times as fast as a person at a gate scans. */
const PACED = 5_000
const PACE_MS = 100

/**
 * A gate over HTTP, the node in a process of its own: bulk issue, and verdicts with the admission fsynced. Beside them the same
 * number of calls that write nothing (`GET /v1/status` is dearer, so the smallest one: an unknown call).
 */
export async function benchGate(): Promise<void> {
  const bench = await Workbench.open()
  try {
    const node = await bench.found('gate')
    const startsMs = Date.now() - 60_000
    const made = (await node.api('POST', '/v1/ticketing/events', {
      ...{ name: 'Bench', startsMs, endsMs: startsMs + 8 * 3_600_000 },
    })) as { event: string }
    const path = `/v1/ticketing/events/${made.event}`
    const prices = [{ currency: 'EUR', amount: '12.00' }]
    await node.api('POST', `${path}/classes`, { name: 'Standing', seats: ISSUED, prices })
    await node.api('POST', `${path}/buckets`, { group: 'North' })
    const beganMs = performance.now()
    const texts = await issueAll(node, path)
    const issueS = (performance.now() - beganMs) / 1_000
    printFigure(
      `${ISSUED} tickets issued, in calls of 1,000`,
      `${issueS.toFixed(1)} s`,
      `limit 20 s for 25,000; ${perSecond(ISSUED / issueS)}/s`,
    )
    const call = await caller(node)
    const scan = async (i: number): Promise<void> => {
      const body = { text: texts[i], gate: 'North', direction: 'in', id: randomBytes(16).toString('hex') }
      const answer = JSON.parse(await call('POST', `${path}/scans`, body)) as { ok: boolean; verdict: string }
      if (!answer.ok) throw new Error(answer.verdict)
    }
    await lanes(500, scan)
    const paced = await lanes(PACED, async (i) => scan(500 + i), PACE_MS)
    const took = await lanes(SCANS, async (i) => scan(500 + PACED + i))
    const empty = await lanes(SCANS, async () => void (await call('GET', '/v1/none')))
    const rate = (it: { each: number[]; ms: number }): number => (it.each.length * 1_000) / it.ms
    const spread = (it: { each: number[] }): string =>
      `p50 ${percentile(it.each, 50).toFixed(1)}, p99 ${percentile(it.each, 99).toFixed(1)} ms`
    printFigure(
      `verdict over HTTP, admission fsynced, ${LANES} lanes, a scan each ${PACE_MS} ms in every lane`,
      spread(paced),
      `limit p99 20 ms; ${perSecond(rate(paced))}/s`,
    )
    printFigure(
      `the same, as fast as ${LANES} lanes can`,
      spread(took),
      `${perSecond(rate(took))}/s; calls that do nothing ${spread(empty)}, ${perSecond(rate(empty))}/s (${(rate(took) / rate(empty)).toFixed(2)})`,
    )
  } finally {
    await bench.close()
  }
}

/** Calls over connections that stay open; `fetch` would cost as much as the node. */
async function caller(
  node: NodeProcess,
): Promise<(method: string, path: string, body?: object) => Promise<string>> {
  const agent = new Agent({ keepAlive: true, maxSockets: LANES })
  const authorization = `Bearer ${(await readFile(tokenPath(node.folder), 'utf8')).trim()}`
  const { hostname, port } = new URL(node.ready.http)
  return async (method, path, body) => {
    const data = body === undefined ? '' : JSON.stringify(body)
    const headers = {
      authorization,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(data),
    }
    return new Promise((resolve, reject) => {
      const call = request({ hostname, port, path, method, agent, headers }, (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (part: string) => (text += part))
        answer.on('end', () => resolve(text))
        answer.on('error', reject)
      })
      call.on('error', reject)
      call.end(data)
    })
  }
}

async function issueAll(node: NodeProcess, path: string): Promise<string[]> {
  const texts: string[] = []
  for (let left = ISSUED; left > 0; left -= 1_000) {
    const body = { class: 'Standing', count: Math.min(1_000, left), id: randomBytes(16).toString('hex') }
    const { tickets } = (await node.api('POST', `${path}/tickets`, body)) as { tickets: { text: string }[] }
    for (const { text } of tickets) texts.push(text)
  }
  return texts
}

/** Does something `count` times in so many lanes; how long each took and all together, ms. */
async function lanes(
  count: number,
  work: (i: number) => Promise<void>,
  everyMs = 0,
): Promise<{ each: number[]; ms: number }> {
  const each: number[] = []
  const beganMs = performance.now()
  let next = 0
  const lane = async (place: number): Promise<void> => {
    // Lanes begin one after the other, as people do.
    for (let dueMs = beganMs + (place * everyMs) / LANES; next < count; dueMs += everyMs) {
      const i = next
      next += 1
      if (everyMs > 0) await sleep(Math.max(0, dueMs - performance.now()))
      // From when it was due, so that a wait for the one before counts.
      const atMs = everyMs > 0 ? dueMs : performance.now()
      await work(i)
      each.push(performance.now() - atMs)
    }
  }
  await Promise.all(Array.from({ length: LANES }, async (_, place) => lane(place)))
  return { each, ms: performance.now() - beganMs }
}
