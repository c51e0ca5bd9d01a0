import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EventView, HandedView, ScanView } from '#node/host'
import type { NodeProcess } from '../actors/node-process.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

let bench: Workbench
/** The organiser's. */
let nas: NodeProcess
let north: NodeProcess
let south: NodeProcess
let path: string

const newId = (): string => randomBytes(16).toString('hex')

async function view(node: NodeProcess, gate = 'North'): Promise<EventView> {
  return (await node.api('GET', `${path}?gate=${gate}`)) as EventView
}

async function issue(group: string, count: number): Promise<string[]> {
  const body = { class: 'Standing', count, group, id: newId() }
  const { tickets } = (await nas.api('POST', `${path}/tickets`, body)) as { tickets: { text: string }[] }
  return tickets.map((it) => it.text)
}

async function scan(node: NodeProcess, text: string, gate: string, more: object = {}): Promise<ScanView> {
  const body = { text, gate, direction: 'in', id: newId(), ...more }
  return (await node.api('POST', `${path}/scans`, body)) as ScanView
}

async function hand(node: NodeProcess, to: NodeProcess, group?: string): Promise<HandedView> {
  return (await node.api('POST', `${path}/hand`, { group, device: to.device })) as HandedView
}

/** Where the buckets of each group are, as a node sees it. */
async function places(node: NodeProcess): Promise<Record<string, string[]>> {
  const { groups } = await view(node)
  return Object.fromEntries(groups.map((it) => [it.group, it.buckets.map(({ state }) => state)]))
}

beforeAll(async () => {
  bench = await Workbench.open()
  nas = await bench.found('nas')
  north = await bench.join('north', nas)
  south = await bench.join('south', nas)
  const startsMs = Date.now() - 60_000
  const made = (await nas.api('POST', '/v1/ticketing/events', {
    ...{ name: 'Night of Prints', startsMs, endsMs: startsMs + 8 * 3_600_000 },
  })) as { event: string }
  path = `/v1/ticketing/events/${made.event}`
  const prices = [{ currency: 'EUR', amount: '12.00' }]
  await nas.api('POST', `${path}/classes`, { name: 'Standing', seats: 100, prices })
  for (const group of ['North', 'South', 'East']) await nas.api('POST', `${path}/buckets`, { group })
  await until('all know the gates', async () =>
    Promise.all([north, south].map(async (it) => (await view(it)).groups.length)).then(
      (it) => it.every((count) => count === 3),
      () => false,
    ),
  )
})
afterAll(() => bench.close())

test('handing over says when the other device has it, and what is elsewhere; the same again does nothing', async () => {
  const first = await hand(nas, north, 'North')
  expect(first).toMatchObject({ isRepeat: false, isThere: true, elsewhere: [] })
  expect(first.buckets).toHaveLength(1)
  expect(await hand(nas, north, 'North')).toMatchObject({ buckets: [], isRepeat: true, isThere: true })
  // All that is left here, to another one: what is at the first is named.
  const all = await hand(nas, south)
  expect(all.buckets).toHaveLength(2)
  expect(all).toMatchObject({
    ...{ isRepeat: false, isThere: true },
    elsewhere: [{ group: 'North', holder: { deviceName: 'north' }, state: 'reachable' }],
  })
  await until(
    'the gates are in reach of each other',
    async () => (await places(south))['North']?.[0] === 'reachable',
  )
  expect(await places(south)).toEqual({ East: ['here'], North: ['reachable'], South: ['here'] })
  const nobody = hand(nas, nas)
  await expect(nobody).rejects.toMatchObject({ body: { error: { code: 'usage' } } })
  await expect(hand(nas, north, 'West')).rejects.toMatchObject({ body: { error: { code: 'event-unknown' } } })
})

test('a bucket is fetched right after a reunion, with all who were let in from it meanwhile', async () => {
  await hand(south, nas)
  const tickets = await issue('South', 40)
  await hand(nas, south, 'South')
  await north.cli('mesh', 'pause')
  for (const text of tickets.slice(0, 30)) expect((await scan(south, text, 'South')).ok).toBe(true)
  await north.cli('mesh', 'resume')
  await until('they are in reach', async () => (await places(north))['South']?.[0] === 'reachable')
  // Whatever sync has brought by now: the answer brings the rest.
  const fetched = await scan(north, tickets[30] ?? '', 'North', { fetch: true })
  expect(fetched).toMatchObject({ ok: true, mode: 'exclusive' })
  for (const text of tickets.slice(0, 3))
    expect(await scan(north, text, 'North')).toMatchObject({ ok: false, verdict: 'already-admitted' })
  expect((await view(north)).stats).toMatchObject({ admitted: 31, doubles: 0 })
})

test('a visitor of another gate is sent there, unless somebody fetches; a bucket that is out of reach stays where it is', async () => {
  await hand(north, south, 'South')
  await until('it is known here', async () => (await places(nas))['South']?.[0] === 'reachable')
  const [first = '', second = ''] = await issueAt(south, 2)
  expect(await scan(north, first, 'North')).toMatchObject({
    ...{ ok: false, verdict: 'wrong-group' },
    params: { group: 'South', holder: 'south', reachable: true },
  })
  const { code } = await north.cli(
    ...['ticket', 'redeem', 'Night of Prints', first, '--gate', 'North', '--fetch', '--json'],
  )
  expect(code).toBe(0)
  await hand(north, south, 'South')
  await south.cli('mesh', 'pause')
  await until('south is away', async () => (await places(north))['South']?.[0] === 'elsewhere')
  expect(await scan(north, second, 'North', { fetch: true })).toMatchObject({
    ...{ ok: false, verdict: 'wrong-group' },
    params: { holder: 'south', reachable: false },
  })
})

test('handed to a device that is away, a bucket is on its way, and nobody lets anybody in from it until that is back', async () => {
  const handed = await hand(nas, south)
  expect(handed).toMatchObject({ isRepeat: false, isThere: false })
  expect(await hand(nas, south, 'East')).toMatchObject({ isRepeat: true, isThere: false })
  const { stdout } = await nas.cli('event', 'handover', 'Night of Prints', 'south')
  expect(stdout).toContain('on their way')
  expect((await places(nas))['East']).toEqual(['elsewhere'])
  await south.cli('mesh', 'resume')
  await until('it arrives', async () => (await places(south))['East']?.[0] === 'here')
  expect(await hand(nas, south, 'East')).toMatchObject({ isRepeat: true, isThere: true })
})

test('the buckets of a lost gate go on openly, and each gate and command says so, also the one that holds them', async () => {
  const [one = ''] = await issueAt(south, 1)
  await south.cli('mesh', 'pause')
  await nas.api('POST', `${path}/lost`, { bucket: 'South', lost: true })
  await until('the gate has heard of it', async () => (await places(north))['South']?.[0] === 'lost')
  const { guarantee } = await view(north)
  expect(guarantee.lost.buckets).toBe(1)
  expect(guarantee.lost.sold).toBe(guarantee.open)
  expect(guarantee.open).toBeGreaterThan(0)
  const passed = await scan(north, one, 'North')
  expect(passed).toMatchObject({ ok: true, verdict: 'admitted-open', guarantee: { lost: { buckets: 1 } } })
  const { stdout } = await north.cli('event', 'show', 'Night of Prints')
  expect(stdout).toMatch(/openly, as every gate \(\d+ of them of lost gates, 1 buckets\)/)
  expect(stdout).toContain('lost: open')
  await south.cli('mesh', 'resume')
  await until('it hears of it', async () => (await view(south)).guarantee.lost.buckets === 1)
  const bucket = (await view(south)).groups.find((it) => it.group === 'South')?.buckets[0]
  expect(bucket).toMatchObject({ state: 'here', isLost: true })
  expect((await south.cli('event', 'show', 'Night of Prints')).stdout).toContain('here, lost: open elsewhere')
})

/** Tickets of the group South, issued where its bucket is. */
async function issueAt(node: NodeProcess, count: number): Promise<string[]> {
  await node.api('POST', '/v1/ledger/take', { unit: await seats(), amount: String(count) })
  const body = { class: 'Standing', count, group: 'South', id: newId() }
  const { tickets } = (await node.api('POST', `${path}/tickets`, body)) as { tickets: { text: string }[] }
  return tickets.map((it) => it.text)
}

async function seats(): Promise<string> {
  return (await view(nas)).classes[0]?.class ?? ''
}
