import { createHash, randomBytes } from 'node:crypto'
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DoubleView, EventView, ScanView } from '#node/host'
import type { NodeProcess } from '../actors/node-process.ts'
import { ApiError, ROOT } from '../actors/node-process.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

let bench: Workbench
let nas: NodeProcess
let north: NodeProcess
let south: NodeProcess
let path: string

interface Issued {
  tickets: { text: string; code: string; number: string; commitment: string }[]
  commits: string[]
  isRepeat: boolean
}

const newId = (): string => randomBytes(16).toString('hex')

async function view(node: NodeProcess): Promise<EventView> {
  return (await node.api('GET', path)) as EventView
}

async function issue(node: NodeProcess, body: object): Promise<Issued> {
  return (await node.api('POST', `${path}/tickets`, { class: 'Standing', id: newId(), ...body })) as Issued
}

async function scan(node: NodeProcess, text: string, gate: string, more: object = {}): Promise<ScanView> {
  const body = { text, gate, direction: 'in', id: newId(), ...more }
  return (await node.api('POST', `${path}/scans`, body)) as ScanView
}

async function bucketHere(node: NodeProcess, group: string): Promise<void> {
  await until(`the bucket of ${group} is here`, async () => {
    const groups = await view(node).then(
      (it) => it.groups,
      () => [],
    )
    return groups.find((it) => it.group === group)?.buckets.every((it) => it.state === 'here') === true
  })
}

function classOf(event: EventView, name: string): EventView['classes'][number] | undefined {
  return event.classes.find((it) => it.name === name)
}

async function alike(...nodes: NodeProcess[]): Promise<void> {
  await until('the event is alike everywhere', async () => {
    const views = await Promise.all(nodes.map(view))
    const [first] = views
    return views.every(
      (it) => it.stateHash === first?.stateHash && JSON.stringify(it.stats) === JSON.stringify(first.stats),
    )
  })
}

beforeAll(async () => {
  bench = await Workbench.open()
  nas = await bench.found('nas')
  north = await bench.join('north', nas)
  south = await bench.join('south', nas)
  const startsMs = Date.now() - 60_000
  const made = (await nas.api('POST', '/v1/ticketing/events', {
    ...{ name: 'Night of Prints', startsMs, endsMs: startsMs + 8 * 3_600_000, utcOffsetMin: 60 },
  })) as { event: string }
  path = `/v1/ticketing/events/${made.event}`
  const prices = [{ currency: 'EUR', amount: '12.00' }]
  await nas.api('POST', `${path}/classes`, { name: 'Standing', seats: 40, prices })
  await nas.api('POST', `${path}/classes`, {
    ...{ name: 'Crew', seats: 1, policy: 'open', prices: [{ currency: 'EUR', amount: '0' }] },
  })
  await nas.api('POST', `${path}/buckets`, { group: 'North' })
  await nas.api('POST', `${path}/buckets`, { group: 'South' })
  await until('all three know the event', async () => {
    const known = await Promise.all(
      [north, south].map(async (it) => view(it).then((found) => found.groups.length)),
    )
    return known.every((it) => it === 2)
  }).catch(() => null)
})
afterAll(() => bench.close())

test('two gates are cut off, sell to the last seat, admit each ticket once, and agree when they meet again', async () => {
  const before = await issue(nas, { count: 10, group: 'North' })
  const [crew] = (await issue(nas, { class: 'Crew', count: 1, group: 'North' })).tickets
  await nas.api('POST', `${path}/hand`, { group: 'North', device: north.device })
  await nas.api('POST', `${path}/hand`, { group: 'South', device: south.device })
  const seats = classOf(await view(nas), 'Standing')?.class ?? ''
  for (const gate of [north, south])
    await nas.api('POST', '/v1/ledger/entries', {
      entries: [{ type: 'transfer', unit: seats, amount: '15', to: gate.device }],
    })
  await bucketHere(north, 'North')
  await bucketHere(south, 'South')
  await until('both gates hold seats', async () => {
    const here = await Promise.all(
      [north, south].map(async (it) => classOf(await view(it), 'Standing')?.seats.here),
    )
    return here.every((it) => it === 15)
  })
  for (const gate of [north, south]) await gate.cli('mesh', 'pause')
  const late = await issue(north, { count: 15 })
  const wrong = await issue(south, { count: 15 })
  await expect(issue(south, { count: 1 })).rejects.toMatchObject({ body: { error: { code: 'sold-out' } } })
  const tickets = [...before.tickets, ...late.tickets]
  for (const { text } of tickets)
    expect(await scan(north, text, 'North')).toMatchObject({ ok: true, mode: 'exclusive' })
  const [first] = tickets
  expect(await scan(north, first?.text ?? '', 'North')).toMatchObject({
    ok: false,
    verdict: 'already-admitted',
  })
  expect(await scan(south, first?.text ?? '', 'South')).toMatchObject({
    ...{ ok: false, verdict: 'wrong-group' },
    params: { group: 'North', holder: 'north', reachable: false },
  })
  for (const { text } of wrong.tickets.slice(0, 5)) expect((await scan(south, text, 'South')).ok).toBe(true)
  // Alone it still says what it can promise.
  expect((await view(north)).guarantee).toMatchObject({ reachable: 1, own: { sold: 25, canAdmit: 25 } })
  expect((await view(north)).guarantee.cutOffSinceMs).not.toBe(null)
  // Of an open class no gate can know of the other's admission.
  for (const [gate, name] of [
    [north, 'North'],
    [south, 'South'],
  ] as const)
    expect((await scan(gate, crew?.text ?? '', name)).verdict).toBe('admitted-open')
  for (const gate of [north, south]) await gate.cli('mesh', 'resume')
  await until('all is told', async () => (await view(nas)).stats.admitted === 31)
  await north.api('GET', `${path}/log`)
  await south.api('GET', `${path}/log`)
  await alike(nas, north, south)
  expect((await view(nas)).stats).toMatchObject({ sold: 41, admitted: 31, doubles: 1, overrides: 0, open: 2 })
  const file = bench.file('doubles.json')
  await nas.cli('event', 'doubles', 'Night of Prints', '-o', file)
  const [double, ...others] = (JSON.parse(await readFile(file, 'utf8')) as { doubles: DoubleView[] }).doubles
  expect(others).toEqual([])
  expect(double?.admissions.map((it) => it.device.deviceName).sort()).toEqual(['north', 'south'])
  // What each gate signed: the header is the commit, the commit is checked, the payload is the header's.
  for (const { commit, header } of double?.admissions ?? []) {
    expect(createHash('sha256').update(Buffer.from(header, 'hex')).digest('hex')).toBe(commit)
    expect(await nas.api('GET', `/v1/commits/${commit}/verify`)).toMatchObject({ isValid: true })
  }
  // A third party needs nothing of ours.
  const check = async (path: string): Promise<string> =>
    promisify(execFile)(process.execPath, [join(ROOT, 'examples', 'verify-doubles.ts'), path]).then(
      ({ stdout }) => stdout,
      (cause: unknown) => (cause as { stdout: string }).stdout,
    )
  expect(await check(file)).toMatch(/gate "North" open.*gate "South" open.*good: 1 seats were let in/s)
  await writeFile(file, (await readFile(file, 'utf8')).replace(/"payload": "8/, '"payload": "9'))
  expect(await check(file)).toMatch(/bad: the payload of/)
  // The books show what tickets took, and each amount leads to its commit.
  const { entries } = (await nas.api('GET', `/v1/ledger/history?unit=${seats}&type=consume`)) as {
    entries: { amount: string; commit: string; memo: string }[]
  }
  expect(entries.map((it) => Number(it.amount)).reduce((sum, it) => sum + it, 0)).toBe(40)
  expect(entries.map((it) => it.commit)).toContain(before.commits[0])
  const statement = (await nas.api('GET', '/v1/ledger/statement')) as { units: { isBalanced: boolean }[] }
  expect(statement.units.every((it) => it.isBalanced)).toBe(true)
})

test('an answer that was lost is given again: the scan, the sale and the tickets are one', async () => {
  const id = newId()
  const [ticket] = (await issue(south, { count: 1, complimentary: true }).catch(() => ({ tickets: [] })))
    .tickets
  expect(ticket).toBe(undefined)
  const log = (await nas.api('GET', `${path}/log?verdict=admitted&limit=1`)) as {
    rows: { admission: string }[]
  }
  expect(log.rows).toHaveLength(1)
  await nas.api('POST', `${path}/classes`, {
    name: 'Late',
    seats: 5,
    prices: [{ currency: 'EUR', amount: '9' }],
  })
  await nas.api('POST', `${path}/buckets`, { group: 'Door' })
  const body = { lines: [{ event: path.split('/').at(-1), class: 'Late', count: 2, group: 'Door' }], id }
  const sold = (await nas.api('POST', '/v1/ticketing/sales', body)) as Issued & { total: object[] }
  const again = (await nas.api('POST', '/v1/ticketing/sales', body)) as Issued & { total: object[] }
  expect(sold).toMatchObject({ isRepeat: false, total: [{ currency: 'EUR', amount: '18.00' }] })
  expect(again).toMatchObject({ isRepeat: true, tickets: sold.tickets, total: sold.total })
  const scanId = newId()
  const text = sold.tickets[0]?.text ?? ''
  const one = await scan(nas, text, 'Door', { id: scanId })
  expect(one).toMatchObject({ ok: true, repeated: false })
  expect(await scan(nas, text, 'Door', { id: scanId })).toMatchObject({
    ...{ ok: true, repeated: true, admission: one.admission },
  })
  expect((await view(nas)).classes.find((it) => it.name === 'Late')).toMatchObject({ sold: 2, admitted: 1 })
})

test('tickets that are issued at once have numbers of their own', async () => {
  await nas.api('POST', `${path}/classes`, {
    name: 'Numbered',
    seats: 10,
    prices: [{ currency: 'EUR', amount: '1' }],
  })
  await nas.api('POST', `${path}/buckets`, { group: 'Desk' })
  const made = await Promise.all(
    Array.from({ length: 2 }, async () => issue(nas, { class: 'Numbered', count: 5, group: 'Desk' })),
  )
  const numbers = made.flatMap((it) => it.tickets.map((ticket) => ticket.number))
  expect(new Set(numbers).size).toBe(10)
})

test('50 scans of one ticket at once let one person in', async () => {
  const [ticket] = (await issue(nas, { class: 'Late', count: 1, group: 'Door' })).tickets
  const answers = await Promise.all(
    Array.from({ length: 50 }, async () => scan(nas, ticket?.text ?? '', 'Door')),
  )
  expect(answers.filter((it) => it.ok)).toHaveLength(1)
  expect(new Set(answers.map((it) => it.verdict))).toEqual(new Set(['admitted', 'already-admitted']))
})

test('a code is read out; a refund elsewhere is carried out by the gate; a mistake is taken back', async () => {
  const [guest] = (await issue(nas, { class: 'Late', count: 1, group: 'Door', details: ['Eva, row 1'] }))
    .tickets
  const code = guest?.code ?? ''
  const passed = await scan(nas, code.toLowerCase().replaceAll('-', ' '), 'Door')
  expect(passed).toMatchObject({ ok: true, ticket: { details: 'Eva, row 1', number: guest?.number } })
  const { admission } = passed
  await nas.api('POST', `${path}/undo`, { admission, reason: 'the wrong button' })
  expect(await scan(nas, code, 'Door')).toMatchObject({ ok: true })
  const [other] = (await issue(nas, { class: 'Late', count: 1, group: 'Door' })).tickets
  await until('the gate has heard of the ticket', async () =>
    north.api('POST', `${path}/revocations`, { ticket: other?.text, action: 'refund', id: newId() }).then(
      (it) => !(it as { done: boolean }).done,
      () => false,
    ),
  )
  await until('the holder has carried it out', async () => (await view(nas)).stats.cancelled === 1)
  expect(await scan(nas, other?.text ?? '', 'Door')).toMatchObject({ ok: false, verdict: 'refunded' })
})

test('one name is one request: asked for something else under it, nothing is made and nobody passes', async () => {
  const event = path.split('/').at(-1)
  const message = 'a request of this name was carried out already, and asked for something else'
  const expectOther = async (method: string, where: string, body: object): Promise<void> =>
    expect(nas.api(method, where, body)).rejects.toMatchObject({
      body: { error: { code: 'usage', message } },
    })
  const id = newId()
  await nas.api('POST', `${path}/classes`, {
    ...{ name: 'Names', seats: 9, prices: [{ currency: 'EUR', amount: '5' }], id },
  })
  await expectOther('POST', `${path}/classes`, { name: 'Names', seats: 10, id })
  await expectOther('POST', `${path}/classes`, { name: 'Names', seats: 9, policy: 'open', id })
  const line = { event, class: 'Names', count: 1, group: 'Door' }
  const sale = { lines: [line], id: newId() }
  const sold = (await nas.api('POST', '/v1/ticketing/sales', sale)) as Issued
  const sales: object[][] = [[{ ...line, count: 2 }], [{ ...line, class: 'Late' }], [line, line]]
  for (const lines of sales) await expectOther('POST', '/v1/ticketing/sales', { ...sale, lines })
  expect(await nas.api('POST', '/v1/ticketing/sales', sale)).toMatchObject({ tickets: sold.tickets })
  const order = { class: 'Names', count: 2, group: 'Door', id: newId() }
  const issued = await issue(nas, order)
  for (const other of [{ count: 3 }, { count: 1 }, { group: 'North' }, { complimentary: true }])
    await expectOther('POST', `${path}/tickets`, { ...order, ...other })
  expect((await view(nas)).classes.find((it) => it.name === 'Names')?.sold).toBe(3)
  const [one, two] = issued.tickets.map((it) => it.text)
  const scanId = newId()
  expect((await scan(nas, one ?? '', 'Door', { id: scanId })).ok).toBe(true)
  const shown = { gate: 'Door', direction: 'in', id: scanId }
  await expectOther('POST', `${path}/scans`, { ...shown, text: two })
  await expectOther('POST', `${path}/scans`, { ...shown, text: one, direction: 'out' })
  const ended = { ticket: two, action: 'revoke', id: newId() }
  await nas.api('POST', `${path}/revocations`, ended)
  const changed = nas.api('POST', `${path}/revocations`, { ...ended, action: 'refund' })
  await expect(changed).rejects.toMatchObject({ body: { error: { code: 'ticket-ended' } } })
})

test('what is no ticket, and no good request, is said by name', async () => {
  const verdictOf = async (text: string): Promise<string> => (await scan(nas, text, 'Door')).verdict
  expect(await verdictOf('https://example.org')).toBe('not-a-ticket')
  expect(await verdictOf('x'.repeat(2_000_000))).toBe('too-long')
  expect(await verdictOf('ABCD-EFGH-JKMN-PQRS')).toBe('code-unknown')
  const [ticket] = (await issue(nas, { class: 'Late', count: 1, group: 'Door' })).tickets
  const text = ticket?.text ?? ''
  expect(await verdictOf(text.slice(0, -8))).toBe('truncated')
  expect(await verdictOf(text.replace(/.{3}$/, '000'))).toBe('forged')
  await expect(scan(nas, text, 'Door', { id: 'no name' })).rejects.toThrow(ApiError)
  const unknown = await nas.api('GET', '/v1/ticketing/events/nowhere').catch((cause: unknown) => cause)
  expect(unknown).toMatchObject({ status: 404, body: { error: { code: 'event-unknown' } } })
  const { code, stdout } = await nas.cli(
    'ticket',
    'redeem',
    'Night of Prints',
    'hello',
    '--gate',
    'Door',
    '--json',
  )
  expect(code).toBe(50)
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'refused' } })
})
