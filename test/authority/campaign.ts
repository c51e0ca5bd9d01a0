import { fork } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { runSeeds } from './campaign-part.ts'
import type { CampaignPart, PartResult } from './campaign-part.ts'

/** Seeds that a process is given at a time: some ten seconds of work. */
const PART_SEEDS = 200

/**
 * `node test/authority/campaign.ts FROM COUNT [--law NAME] [--jobs N]`: the product, or the law of that name (`all`: each of
 * them), against one history for each seed, in so many processes. Tells every seed that fails, and after each part up to
 * which seed all are done: who was interrupted goes on from there.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    law: { type: 'string', default: 'agreesWithTheProduct' },
    jobs: { type: 'string', default: '1' },
  },
})
const [from = 0, count = 500] = positionals.map(Number)
const jobs = Number(values.jobs)
const parts: CampaignPart[] = []
for (let at = from; at < from + count; at += PART_SEEDS)
  parts.push({ law: values.law, from: at, count: Math.min(PART_SEEDS, from + count - at) })

const done = new Set<CampaignPart>()
const sums = new Map<string, { failures: number; reached: Record<string, number> }>()
const startMs = Date.now()
const queue = [...parts]
// A process without a part would end while others work.
await Promise.all(Array.from({ length: Math.min(jobs, parts.length) }, () => work()))
for (const [law, { failures, reached }] of sums) {
  const seeds = `seeds ${from} to ${from + count - 1}`
  process.stdout.write(`${law}: ${seeds}, ${failures} fail, ${JSON.stringify(reached)}\n`)
  if (failures > 0) process.exitCode = 1
}

async function work(): Promise<void> {
  if (jobs === 1) {
    for (let part = queue.shift(); part !== undefined; part = queue.shift()) take(part, runSeeds(part))
    return
  }
  const child = fork(new URL('./campaign-part.ts', import.meta.url), ['--part'])
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('a process ended')))
  for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
    child.send(part)
    const [results] = await Promise.race([once(child, 'message'), ended])
    take(part, results as PartResult[])
  }
  child.disconnect()
}

function take(part: CampaignPart, results: readonly PartResult[]): void {
  done.add(part)
  for (const { law, failures, reached } of results) {
    for (const { seed, message } of failures) process.stdout.write(`${law}, seed ${seed}: ${message}\n`)
    const sum = sums.get(law) ?? { failures: 0, reached: {} }
    sums.set(law, sum)
    sum.failures += failures.length
    for (const [name, times] of Object.entries(reached)) sum.reached[name] = (sum.reached[name] ?? 0) + times
  }
  const open = parts.find((it) => !done.has(it))
  const until = open === undefined ? from + count : open.from
  const fails = [...sums.values()].reduce((sum, it) => sum + it.failures, 0)
  const ran = parts.filter((it) => done.has(it)).reduce((sum, it) => sum + it.count, 0)
  const rate = (1_000 * ran) / (Date.now() - startMs)
  process.stderr.write(
    `${ran} done, all below seed ${until}; ${fails} fail, ${rate.toFixed(1)} histories/s\n`,
  )
}
