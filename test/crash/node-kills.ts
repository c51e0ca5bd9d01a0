import { seededRandom } from '#simulations/mesh'
import { setTimeout as sleep } from 'node:timers/promises'
import { Workbench } from '../actors/workbench.ts'
import type { NodeProcess } from '../actors/node-process.ts'
import { keepFailure, timesOf } from './campaign.ts'
import type { CampaignParts, CrashFailure, Times } from './campaign.ts'
import { Witness } from './witness.ts'

/** Calls under way at once. */
const WRITERS = 8
/** When the kill comes: so many answers into the burst, at most, or when none came for so long, ms. */
const BURST_ANSWERS_MAX = 200
const BURST_MS_MAX = 10_000

/** What killing whole nodes showed. */
export interface NodeKillSummary {
  kills: number
  /** Lines that had been acknowledged and were looked for after each kill. */
  acknowledged: number
  /** From the start of the process to its answer that it is ready, ms: Node, libp2p, HTTP and the folder. */
  readyMs: Times
  failures: CrashFailure[]
}

/** Kills a whole node (`coop start`) in bursts of calls of its API. */
export async function runNodeKills(parts: CampaignParts, kills: number): Promise<NodeKillSummary> {
  const random = seededRandom(parts.seed)
  const bench = await Workbench.open()
  const summary: NodeKillSummary = { kills: 0, acknowledged: 0, readyMs: timesOf([]), failures: [] }
  const readyMs: number[] = []
  const acknowledged = new Set<string>()
  try {
    let node = await bench.found('nas')
    while (summary.kills < kills && !parts.signal.aborted && summary.failures.length === 0) {
      const writers = Array.from({ length: WRITERS }, (_, writer) =>
        writeUntilGone(node, `${summary.kills}/${writer}`, acknowledged),
      )
      const wanted = acknowledged.size + random.below(BURST_ANSWERS_MAX)
      for (const endMs = Date.now() + BURST_MS_MAX; acknowledged.size < wanted && Date.now() < endMs;)
        await sleep(1)
      await node.kill9()
      await Promise.all(writers)
      summary.kills += 1
      const startedMs = performance.now()
      node = await bench.start('nas')
      readyMs.push(performance.now() - startedMs)
      const lost = await lostLines(node, acknowledged)
      if (lost.length > 0) {
        const what = `nodes, seed ${parts.seed}, kill ${summary.kills}`
        await node.kill9()
        const kept = { seed: parts.seed, testimony: new Witness().testimony() }
        const failure = { what, faults: lost.map((it) => `lost: ${it}`), found: bench.file('nas'), kept }
        const replay = `npm run crash -- --kills 0 --cuts 0 --failed-writes 0 --nodes ${kills} --seed ${parts.seed}`
        summary.failures.push({ ...keepFailure(parts, failure), replay })
      }
      parts.progress(`nodes killed ${summary.kills}/${kills}, failures ${summary.failures.length}`)
    }
  } finally {
    await bench.close()
  }
  return { ...summary, acknowledged: acknowledged.size, readyMs: timesOf(readyMs) }
}

async function writeUntilGone(node: NodeProcess, name: string, acknowledged: Set<string>): Promise<void> {
  const writer = name.split('/').at(-1) ?? ''
  for (let i = 0; ; i += 1) {
    const value = `${name}/${i}`
    try {
      await node.api('POST', `/v1/boards/orders/lists/writer-${writer}`, { value })
      acknowledged.add(value)
    } catch {
      return // it was killed: what it had not answered is not owed
    }
  }
}

async function lostLines(node: NodeProcess, acknowledged: ReadonlySet<string>): Promise<string[]> {
  const board = (await node.api('GET', '/v1/boards/orders')) as { lists: Record<string, string[]> }
  const lines = new Set(Object.values(board.lists).flat())
  return [...acknowledged].filter((it) => !lines.has(it)).slice(0, 20)
}
