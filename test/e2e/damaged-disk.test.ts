import { randomBytes } from 'node:crypto'
import { readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DoctorReport } from '#node/doctor'
import { EXIT_CODES } from '#node/errors'
import { untilEqual } from '../actors/node-process.ts'
import type { CliResult, NodeProcess } from '../actors/node-process.ts'
import { flipBit, rotValue, storedKeys } from '../actors/rotten-value.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

let bench: Workbench
let nas: NodeProcess
let venue: NodeProcess
let film: Buffer
let cid: string

beforeAll(async () => {
  bench = await Workbench.open()
  nas = await bench.found('nas')
  venue = await bench.join('venue', nas)
  film = randomBytes(3_500_000)
  await writeFile(bench.file('film'), film)
  const added = (await nas.api('POST', '/v1/assets/add', { paths: [bench.file('film')] })) as {
    assets: { cid: string }[]
  }
  cid = added.assets[0]?.cid ?? ''
  for (let i = 0; i < 6; i += 1) {
    await nas.set('menu', `dish ${i}`, i)
    await venue.set('orders', `table ${i}`, i)
  }
  await untilEqual(nas, venue)
  await venue.api('POST', `/v1/assets/${cid}/fetch`, {})
  await untilEqual(nas, venue)
})
afterAll(() => bench.close())

const storeOf = (node: NodeProcess): string => join(node.folder, 'store')

/** The report of a doctor, whose exit code must be that of its verdict. */
function reportOf(result: CliResult): DoctorReport {
  const report = JSON.parse(result.stdout) as DoctorReport
  const codes = { whole: 0, repaired: EXIT_CODES['data-repaired'], damaged: EXIT_CODES['data-damaged'] }
  expect(result.code, result.stdout + result.stderr).toBe(codes[report.verdict])
  return report
}

const named = (report: DoctorReport): string[] => report.findings.map((it) => `${it.code} ${it.severity}`)

/** Stops the venue, lets `damage` change its folder, and says what a doctor finds in it before it starts again. */
async function damagedVenue(damage: () => Promise<void>): Promise<DoctorReport> {
  const before = await venue.status()
  await venue.stop()
  await damage()
  const report = reportOf(await bench.coop('venue', 'doctor', '--json', '--assets'))
  venue = await bench.start('venue')
  expect((await venue.status()).coop).toBe(before.coop)
  expect(venue.device).toBe(before.device)
  return report
}

async function bytesAt(node: NodeProcess): Promise<Buffer | null> {
  try {
    const response = await node.request(`/assets/${cid}`)
    return response.ok ? Buffer.from(await response.arrayBuffer()) : null
  } catch {
    return null // cut off in the middle
  }
}

test('two sound nodes are whole, running and stopped', async () => {
  expect(named(reportOf(await nas.cli('doctor', '--json', '--assets')))).toEqual([])
  const report = reportOf(await venue.cli('doctor', '--json'))
  expect(report).toMatchObject({ verdict: 'whole', findings: [] })
  expect(report.checked.commits).toBe((await venue.status()).commits)
  expect((await nas.cli('doctor')).stdout).toContain('everything is whole')
})

test('damaged commits and a damaged leaf are named, never given out, and repaired from the other node', async () => {
  const blocks = (await venue.status()).commits
  const report = await damagedVenue(async () => {
    const keys = await storedKeys(storeOf(venue), 'c/')
    expect(keys.length).toBeLessThanOrEqual(blocks)
    await rotValue(storeOf(venue), keys.at(-1) ?? '', flipBit)
    await rotValue(storeOf(venue), keys.at(-3) ?? '', () => null)
    const bytes = await readFile(join(venue.folder, 'assets', cid))
    bytes[2_000_000] = (bytes[2_000_000] ?? 0) ^ 1
    await writeFile(join(venue.folder, 'assets', cid), bytes)
  })
  expect(report.verdict).toBe('damaged')
  expect(new Set(named(report))).toEqual(
    new Set(['log-commit pending', 'document pending', 'asset-file pending']),
  )
  // The commits come by themselves once the two have compared heads.
  await untilEqual(nas, venue)
  const wrong = await bytesAt(venue)
  expect(wrong === null || wrong.equals(film)).toBe(true)
  const repaired = reportOf(await venue.cli('doctor', '--repair', '--assets', '--json'))
  expect(repaired.findings.filter((it) => it.severity === 'pending')).toEqual([])
  expect(await bytesAt(venue)).toEqual(film)
  await venue.stop()
  expect(named(reportOf(await bench.coop('venue', 'doctor', '--json', '--assets')))).toEqual([])
  venue = await bench.start('venue')
  await untilEqual(nas, venue)
})

test('a leaf that is found damaged when it is read is fetched again without a doctor', async () => {
  const path = join(venue.folder, 'assets', cid)
  const bytes = await readFile(path)
  bytes[10] = (bytes[10] ?? 0) ^ 1
  await writeFile(path, bytes)
  expect(await bytesAt(venue)).not.toEqual(bytes)
  await until('the leaf is fetched again', async () => (await bytesAt(venue))?.equals(film) === true)
  expect(await readdir(join(venue.folder, 'partial'))).toEqual([])
})

test('a node whose database is gone keeps its identity and fetches all of it, its own commits first of all', async () => {
  const before = (await venue.status()).commits
  const report = await damagedVenue(async () => rm(storeOf(venue), { recursive: true }))
  expect(named(report)).toContain('own-chain pending')
  expect(named(report)).toContain('setting repaired')
  await untilEqual(nas, venue)
  expect((await venue.status()).commits).toBeGreaterThanOrEqual(before)
  await venue.set('orders', 'after', 'the loss')
  await untilEqual(nas, venue)
  expect(nas.log + venue.log).not.toMatch(/fork|superseded|used elsewhere/i)
})

test('until its own commits are back, a device that lost some writes nothing', async () => {
  for (const dish of ['bread', 'cheese', 'wine']) await nas.set('menu', dish, 1)
  await untilEqual(nas, venue)
  // The venue must find it again where it was.
  const port = await nas.port()
  await nas.stop()
  const keys = await storedKeys(storeOf(nas), 'c/')
  for (const key of keys.slice(-2)) {
    await rotValue(storeOf(nas), key, () => null)
    await rotValue(storeOf(nas), key.replace('c/', 'i/'), () => null)
  }
  await venue.stop()
  nas = await bench.start('nas', { args: ['--port', port] })
  const refused = await nas.set('menu', 'soup', 1).catch((cause: unknown) => cause)
  expect(String(refused)).toMatch(/chain-incomplete/)
  expect((await nas.status()).warnings.map((it) => it.code)).toContain('chain-incomplete')
  venue = await bench.start('venue')
  await untilEqual(nas, venue)
  await nas.set('menu', 'soup', 1)
  await untilEqual(nas, venue)
})
