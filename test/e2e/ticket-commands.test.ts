import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ISSUED_MAX } from '#protocol/event'
import type { DoubleView, EventView, IssuedView, LogPage } from '#node/host'
import type { CliResult, ErrorBody, NodeProcess } from '../actors/node-process.ts'
import { Workbench } from '../actors/workbench.ts'

const EVENT = 'Night of Prints'
const PATH = `/v1/ticketing/events/${encodeURIComponent(EVENT)}`
/** Two calls, of a thousand and of the rest, and three commits. */
const MANY = 1_300

let bench: Workbench
let node: NodeProcess

async function coop<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await node.cli(...args, '--json')
  if (code !== 0) throw new Error(`coop ${args.join(' ')}: ${stdout}${stderr}`)
  return JSON.parse(stdout) as T
}

/** A command that must fail: its exit code, and what it says. */
async function failure(...args: string[]): Promise<ErrorBody['error'] & { exit: number | null }> {
  const { code, stdout } = await node.cli(...args, '--json')
  return { ...(JSON.parse(stdout) as ErrorBody).error, exit: code }
}

async function inEvent(): Promise<EventView> {
  return (await node.api('GET', PATH)) as EventView
}

async function csvRows(file: string): Promise<string[][]> {
  const [, ...lines] = (await readFile(file, 'utf8')).trimEnd().split('\r\n')
  return lines.map((it) => it.split(','))
}

beforeAll(async () => {
  bench = await Workbench.open()
  node = await bench.found('nas')
  const starts = new Date(Date.now() - 60_000).toISOString()
  await coop('event', 'create', EVENT, '--starts', starts, '--place', 'Old Mill')
  await coop('event', 'class', EVENT, 'Standing', '--seats', String(MANY + 9), '--price', 'EUR:12.00')
  await coop('event', 'bucket', EVENT, 'Door')
})
afterAll(() => bench.close())

test('what cannot be made is refused in words of its own, with the next step', async () => {
  const standing = [EVENT, 'X', '--seats', '1']
  const typed: [exit: number, says: RegExp, ...args: string[]][] = [
    [2, /give a time such as/, 'event', 'create', 'X', '--starts', 'tomorrow'],
    [2, /whole number of 1 or more/, 'event', 'class', EVENT, 'X', '--seats', '0'],
    [2, /is no price/, 'event', 'class', ...standing, '--price', 'EUR12'],
    [2, /no JSON/, 'event', 'class', ...standing, '--rule', '["entries"'],
    [80, /no zone 'Attic'/, 'event', 'class', ...standing, '--zones', 'Attic'],
    [84, /no bucket of the gate group/, 'ticket', 'issue', EVENT, 'Standing', '--group', 'Attic'],
  ]
  for (const [exit, says, ...args] of typed) {
    const { message, next, exit: was } = await failure(...args)
    expect({ message, exit: was }).toEqual({ message: expect.stringMatching(says) as string, exit })
    expect(next.length).toBeGreaterThan(10)
  }
  await node.api('POST', '/v1/ledger/units', { code: 'POSTER', kind: 'stock' })
  const x = { name: 'X', seats: 1 }
  const price = { currency: 'EUR', amount: '1' }
  const sent: [code: string, says: RegExp, where: string, body: object][] = [
    ['usage', /end before it begins/, '', { name: 'X', startsMs: 2, endsMs: 1 }],
    ['usage', /after the year 9999/, '', { name: 'X', startsMs: 9e15, endsMs: 9e15 }],
    ['usage', /a name has 1 to 100/, '', { name: ' X', startsMs: 1, endsMs: 2 }],
    ['usage', /needs seats/, '/classes', { name: 'X' }],
    ['usage', /must be one at least/, '/classes', { name: 'X', seats: 0 }],
    ['amount-malformed', /no price in EUR/, '/classes', { ...x, prices: [{ ...price, amount: '1.234' }] }],
    ['usage', /no currency/, '/classes', { ...x, prices: [{ ...price, currency: '€' }] }],
    ['usage', /ends before it begins/, '/classes', { ...x, prices: [{ ...price, fromMs: 2, untilMs: 1 }] }],
    ['usage', /ends before it begins/, '/classes', { ...x, validFromMs: 2, validUntilMs: 1 }],
    ['usage', /no rule: it has a name/, '/classes', { ...x, rule: ['nope', 1] }],
    ['usage', /no rule: a number/, '/classes', { ...x, rule: ['entries', -1] }],
    ['usage', /gate group has 1 to 40/, '/buckets', { group: 'x'.repeat(41) }],
    ['usage', /1 to 25000 tickets/, '/tickets', { class: 'Standing', count: -1 }],
    ['usage', /1 to 25000 tickets/, '/tickets', { class: 'Standing', count: 1e15 }],
    [
      'usage',
      /no currency/,
      '/sales',
      { lines: [{ unit: 'POSTER', amount: '1', price: { ...price, currency: '€' } }] },
    ],
    ['sold-out', /can sell/, '/tickets', { class: 'Standing', count: MANY + 10 }],
    ['ticket-unknown', /neither a ticket nor/, '/revocations', { ticket: 'hello', action: 'revoke' }],
    ['pass-unknown', /no such pass/, '/undo', { admission: 'x', reason: 'a mistake' }],
  ]
  for (const [code, says, where, body] of sent) {
    const path = { '': '/v1/ticketing/events', '/sales': '/v1/ticketing/sales' }[where] ?? PATH + where
    const refused = node.api('POST', path, body)
    await expect(refused).rejects.toMatchObject({
      body: { error: { code, message: expect.stringMatching(says) as string } },
    })
  }
  expect(await inEvent()).toMatchObject({ classes: [{ name: 'Standing' }], groups: [{ group: 'Door' }] })
})

test('issuing is broken off, and the node dies: the same request goes on, and each ticket is there once', async () => {
  const file = bench.file('tickets.csv')
  const id = 'ab'.repeat(16)
  const args = (count: number): string[] => ['ticket', 'issue', EVENT, 'Standing', String(count), '--id', id]
  // One commit of the first thousand: what a power cut leaves.
  await node.api('POST', `${PATH}/tickets`, { class: 'Standing', count: ISSUED_MAX, id })
  const broken = await failure(...args(MANY + 200), '-o', file)
  expect(broken).toMatchObject({ code: 'sold-out', exit: 85 })
  expect(broken.message).toMatch(/^1000 of 1500 tickets are issued/)
  expect(broken.next).toContain(`--id ${id}`)
  await node.kill9()
  node = await bench.start('nas')
  expect((await inEvent()).stats.sold).toBe(1_000)
  expect(await coop(...args(MANY), '-o', file)).toMatchObject({ output: file, tickets: MANY })
  expect((await inEvent()).stats.sold).toBe(MANY)
  const rows = await csvRows(file)
  expect(new Set(rows.map(([, , , code]) => code)).size).toBe(MANY)
  expect(rows[0]?.slice(0, 3)).toEqual(['Door 1', 'Standing', 'Door'])
})

test('tickets are checked, admitted, revoked and reissued; log, doubles and tickets are exported', async () => {
  const { tickets } = await coop<IssuedView>('ticket', 'issue', EVENT, 'Standing', '3', '--complimentary')
  const [one, two, three] = tickets.map((it) => it.text)
  const gate = ['--gate', 'Door']
  const say = async (...args: string[]): Promise<CliResult> => node.cli('ticket', ...args)
  expect((await say('verify', EVENT, one ?? '', ...gate)).stdout).toMatch(
    /^YES {2}let in \(a trial: nobody passed\)/,
  )
  expect((await say('redeem', EVENT, one ?? '', ...gate)).stdout).toMatch(/^YES {2}let in\nStanding, Door /)
  const again = await say('redeem', EVENT, one ?? '', ...gate)
  expect(again).toMatchObject({ code: 50 })
  expect(again.stdout).toMatch(/^NO {2}let in \d+ s ago at Door/)
  const pass = /([0-9a-f]{12}\/0)$/m.exec(
    (await node.cli('event', 'log', EVENT, '--verdict', 'admitted')).stdout,
  )
  await coop('event', 'undo', EVENT, pass?.[1] ?? '', 'the wrong visitor')
  const scan = { text: one, gate: 'Door', direction: 'in', id: 'cd'.repeat(16) }
  expect(await node.api('POST', `${PATH}/scans`, scan)).toMatchObject({ ok: true })
  await coop('ticket', 'revoke', EVENT, two ?? '', '--reason', 'sold by mistake')
  const fresh = await coop<IssuedView>('ticket', 'reissue', EVENT, tickets[2]?.code ?? '')
  const [revoked, old, new_] = await Promise.all([
    say('verify', EVENT, two ?? '', ...gate),
    say('verify', EVENT, three ?? '', ...gate),
    say('verify', EVENT, fresh.tickets[0]?.text ?? '', ...gate),
  ])
  expect(revoked.stdout).toMatch(/^NO {2}revoked .* UTC \(sold by mistake\)\n/)
  expect(old.stdout).toMatch(/^NO {2}another ticket took its place/)
  expect(new_.stdout).toMatch(/^YES/)
  const [log, doubles, all] = ['log.csv', 'doubles.json', 'all.csv'].map((it) => bench.file(it))
  const page = (await node.api('GET', `${PATH}/log`)) as LogPage
  expect(page.rows.map((it) => it.verdict)).toEqual(['admitted', 'already-admitted', 'admitted'])
  await Promise.all([
    coop('event', 'log', EVENT, '--csv', log ?? ''),
    coop('event', 'doubles', EVENT, '-o', doubles ?? ''),
    coop('ticket', 'export', EVENT, '-o', all ?? ''),
  ])
  expect((await csvRows(log ?? '')).map((it) => it[9]).sort()).toEqual(['', '', 'the wrong visitor'])
  expect(JSON.parse(await readFile(doubles ?? '', 'utf8'))).toEqual({ doubles: [] satisfies DoubleView[] })
  const states = (await csvRows(all ?? '')).map((it) => it[5])
  expect(states).toHaveLength(MANY + 3)
  expect(states.filter((it) => it !== 'valid').sort()).toEqual(['reissue', 'revoke'])
  const shown = await node.cli('event', 'show', EVENT)
  expect(shown.stdout).toMatch(/Old Mill[^]*Standing +exclusive +12\.00 EUR[^]*Door[^]*here/)
})
