import { afterAll, beforeAll, expect, test } from 'vitest'
import { attacks } from '#simulations/adversaries'
import type { Attack, Insider } from '#simulations/adversaries'
import { HostileMember } from '../actors/hostile-member.ts'
import type { NodeProcess } from '../actors/node-process.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

let bench: Workbench
let nas: NodeProcess
/** Goes on working while the others attack. */
let venue: NodeProcess
let fast: HostileMember
let slow: HostileMember
let count = 0

beforeAll(async () => {
  bench = await Workbench.open()
  nas = await bench.found('nas')
  venue = await bench.join('venue', nas)
  fast = await HostileMember.admit(nas, 'member', 'fast')
  slow = await HostileMember.admit(nas, 'member', 'slow')
})
afterAll(async () => {
  await Promise.all([fast, slow].map((it) => it?.close()))
  await bench.close()
})

/** What the venue writes is on the NAS soon, whatever happens meanwhile. */
async function expectNews(): Promise<void> {
  count += 1
  const value = `news ${count}`
  await venue.set('good', 'news', value)
  const startMs = Date.now()
  await until('the news arrive', async () => {
    const fields = await nas.fields('good').catch((): Record<string, unknown> => ({}))
    return fields['news'] === value
  })
  expect(Date.now() - startMs).toBeLessThan(5_000)
}

async function expectCut(
  member: HostileMember,
  attack: (insider: Insider) => Attack,
  reason: RegExp,
): Promise<void> {
  const insider = await member.insider(nas)
  const before = await faultsOf(member)
  const [said] = await Promise.all([member.attack(nas, attack(insider)), expectNews()])
  expect(said).toBeGreaterThan(1)
  await member.lastClose(nas, reason)
  expect(await faultsOf(member)).toBe(before + 1)
  await expectNews()
}

async function faultsOf(member: HostileMember): Promise<number> {
  return (await nas.peers()).find((it) => it.device === member.id)?.faults?.count ?? 0
}

const ATTACKS: [string, (insider: Insider) => Attack, RegExp][] = [
  ['wrong digests', attacks.wrongDigests, /^flooding/],
  ['briefs of nothing', attacks.emptyBriefs, /^flooding/],
  ['endless frames', attacks.endlessFrames, /^flooding/],
  ['endless commits', attacks.endlessCommits, /^out-of-order: more commits than were asked for/],
  ['a header without its payload', attacks.bareHeader, /^refused-commit: payload-missing/],
  ['old rows', attacks.oldRows, /^flooding/],
  ['promises of commits that never come', attacks.emptyPromises, /^wasteful/],
  ['commits that acknowledge nothing', attacks.acknowledgingNothing, /^wasteful/],
  ['requests that walk much for little', attacks.urgentWalks, /^flooding/],
]

for (const [name, attack, reason] of ATTACKS) {
  test(`${name}: the peer is cut and remembered, and others go on`, async () => {
    await expectCut(fast, attack, reason)
  })
}

test.concurrent('a range that is never finished: the peer is cut and remembered', async () => {
  await expectCut(slow, attacks.endlessRange, /^stalling/)
})

test('`coop peers` says how often, and why', async () => {
  const { stdout } = await nas.cli('peers')
  const line = stdout.split('\n').find((it) => it.startsWith('fast'))
  expect(line).toContain(
    `${ATTACKS.length} faults, last flooding: more than 50 frames a second, or as much work`,
  )
})
