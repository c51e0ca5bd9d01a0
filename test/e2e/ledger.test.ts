import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { untilEqual } from '../actors/node-process.ts'
import type { NodeProcess } from '../actors/node-process.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

let bench: Workbench
let nas: NodeProcess
let stall: NodeProcess

interface Rights {
  rights: { code: string; here: string; reachable: string; elsewhere: string; stranded: string }[]
}
interface History {
  entries: {
    type: string
    amount: string
    state: string
    commit: string
    memo: string | null
    order: number
  }[]
  next: number | null
}

async function write(
  node: NodeProcess,
  ...entries: object[]
): Promise<{ commit: string; isRepeat: boolean }> {
  return (await node.api('POST', '/v1/ledger/entries', { entries })) as { commit: string; isRepeat: boolean }
}

async function rightsOf(node: NodeProcess, unit: string): Promise<Rights['rights'][number] | undefined> {
  return ((await node.api('GET', `/v1/ledger/rights?unit=${unit}`)) as Rights).rights[0]
}

async function refusal(node: NodeProcess, ...args: string[]): Promise<string> {
  const { stdout } = await node.cli('ledger', ...args, '--json')
  return (JSON.parse(stdout) as { error?: { code: string } }).error?.code ?? 'done'
}

beforeAll(async () => {
  bench = await Workbench.open()
  nas = await bench.found('nas')
  stall = await bench.join('stall', nas)
  await until('both are in sync', async () => (await nas.peers()).some((it) => it.state === 'synced'))
})
afterAll(() => bench.close())

test('stock is defined, issued, handed over, and accepted by itself', async () => {
  await nas.api('POST', '/v1/ledger/units', { code: 'poster', kind: 'stock', name: 'Poster A2' })
  await write(nas, { type: 'issue', unit: 'POSTER', amount: '100' })
  await write(nas, { type: 'transfer', unit: 'POSTER', amount: '30', to: stall.device })
  await until(
    'the stall holds its part',
    async () => (await rightsOf(stall, 'POSTER').catch(() => null))?.here === '30',
  )
  await until('the sender sees that it was accepted', async () => {
    const { entries } = (await nas.api('GET', '/v1/ledger/history?type=transfer')) as History
    return entries[0]?.state === 'counted'
  })
  await untilEqual(nas, stall)
})

test('before it leaves a stall takes its share, sells while it is away, and no more than it holds', async () => {
  const taken = (await stall.api('POST', '/v1/ledger/take', { unit: 'POSTER', rule: 'even' })) as {
    here: string
  }
  expect(taken.here).toBe('50')
  await stall.api('POST', '/v1/mesh', { state: 'paused' })
  await until('the nas sees it go', async () => (await rightsOf(nas, 'POSTER'))?.elsewhere === '50')
  await write(stall, { type: 'consume', unit: 'POSTER', amount: '50', memo: 'sold out' })
  await write(nas, { type: 'consume', unit: 'POSTER', amount: '49' })
  await expect(write(stall, { type: 'consume', unit: 'POSTER', amount: '1' })).rejects.toMatchObject({
    body: { error: { code: 'not-covered' } },
  })
  await stall.api('POST', '/v1/mesh', { state: 'running' })
  await untilEqual(nas, stall)
  const { units } = (await nas.api('GET', '/v1/ledger/units')) as {
    units: { sums: Record<string, string> }[]
  }
  expect(units[0]?.sums).toMatchObject({ issued: '100', used: '99', held: '1', deficits: '0', inFlight: '0' })
})

test('below its low mark a device asks for more by itself', async () => {
  await write(nas, { type: 'issue', unit: 'POSTER', amount: '40' })
  await stall.api('POST', '/v1/ledger/keep', { unit: 'POSTER', marks: { low: '5', high: '20' } })
  await write(stall, { type: 'transfer', unit: 'POSTER', amount: '1', to: nas.device }).catch(() => null)
  await until('it was given some', async () => (await rightsOf(stall, 'POSTER'))?.here === '20')
  await stall.api('POST', '/v1/ledger/keep', { unit: 'POSTER', marks: null })
})

test('a right that expired is not used, and goes home by itself', async () => {
  const expiresMs = Date.now() + 2_000
  await nas.api('POST', '/v1/ledger/units', { code: 'CREDIT', kind: 'stock' })
  await write(nas, { type: 'issue', unit: 'CREDIT', amount: '10' })
  await write(nas, { type: 'transfer', unit: 'CREDIT', amount: '10', to: stall.device, expiresMs })
  await until('it is there', async () => (await rightsOf(stall, 'CREDIT').catch(() => null))?.here === '10')
  await write(stall, { type: 'consume', unit: 'CREDIT', amount: '4' })
  await until('it has expired', () => Date.now() > expiresMs)
  // By then it may be on its way home.
  expect(['right-expired', 'not-covered']).toContain(await refusal(stall, 'consume', 'CREDIT', '1'))
  await until('the rest is home', async () => (await rightsOf(nas, 'CREDIT'))?.here === '6')
})

test('a right to issue comes from the stewards, and what a silent device holds can be replaced', async () => {
  await nas.api('POST', '/v1/ledger/units', { code: 'EUR', kind: 'money' })
  expect(await refusal(nas, 'issue', 'EUR', '10')).toBe('not-covered')
  const allow = { kind: 'allow', right: 'issue', device: nas.device, unit: 'EUR', amount: '500.00' }
  await nas.api('POST', '/v1/proposals', { changes: [allow] })
  await until('it may issue', async () => (await refusal(nas, 'issue', 'EUR', '100.00')) === 'done')
  await write(nas, { type: 'transfer', unit: 'EUR', amount: '60.00', to: stall.device })
  await until(
    'the stall has its float',
    async () => (await rightsOf(stall, 'EUR').catch(() => null))?.here === '60.00',
  )
  await untilEqual(nas, stall)
  await stall.api('POST', '/v1/mesh', { state: 'paused' })
  const replace = { kind: 'replace', device: nas.device, unit: 'EUR', amount: '60.00', lost: stall.device }
  await nas.api('POST', '/v1/proposals', { changes: [replace] })
  await until('it holds the replacement', async () => (await rightsOf(nas, 'EUR'))?.here === '100.00')
  await write(stall, { type: 'consume', unit: 'EUR', amount: '15.00' })
  await stall.api('POST', '/v1/mesh', { state: 'running' })
  // What the stall still holds it gives up by itself; what it has spent its loss account bears.
  await until('the rest is written back', async () => {
    const { units } = (await nas.api('GET', '/v1/ledger/units')) as {
      units: { code: string; sums: Record<string, string> }[]
    }
    const sums = units.find((it) => it.code === 'EUR')?.sums
    return sums?.['loss'] === '15.00' && sums['writtenBack'] === '45.00' && sums['held'] === '100.00'
  })
  await untilEqual(nas, stall)
})

test('history is paged and searched, and each entry leads to its commit', async () => {
  const page = (await nas.api('GET', '/v1/ledger/history?unit=POSTER&limit=2')) as History
  expect(page.entries).toHaveLength(2)
  const next = (await nas.api('GET', `/v1/ledger/history?unit=POSTER&limit=2&before=${page.next}`)) as History
  expect(next.entries.every((it) => it.order < (page.entries.at(-1)?.order ?? 0))).toBe(true)
  const found = (await stall.api('GET', '/v1/ledger/history?text=sold%20out')) as History
  expect(found.entries.map((it) => [it.type, it.amount])).toEqual([['consume', '50']])
  const { stdout } = await nas.cli('commit', 'verify', found.entries[0]?.commit ?? '', '--json')
  expect(JSON.parse(stdout)).toMatchObject({ isValid: true })
})

test('a request that is sent twice is written once, also over a restart', async () => {
  const body = {
    id: '00112233445566778899aabbccddeeff',
    entries: [{ type: 'issue', unit: 'POSTER', amount: '1' }],
  }
  const unit = { id: 'ffeeddccbbaa99887766554433221100', code: 'BADGE', kind: 'stock', supply: '5' }
  const rule = { id: 'tips', version: 1, parties: [{ key: 'nas', way: 'points', points: 10_000 }] }
  const calls = [
    ['/v1/ledger/entries', body],
    ['/v1/ledger/units', unit],
    ['/v1/ledger/splits', rule],
  ] as const
  const send = async (): Promise<object[]> => {
    const answers: object[] = []
    for (const [path, body] of calls) answers.push((await nas.api('POST', path, body)) as object)
    return answers
  }
  // Two at once are one as well.
  const pair = (await Promise.all([send(), send()])) as { isRepeat: boolean; unit?: string }[][]
  const sent = pair[0] ?? []
  expect(pair.map((it) => it.filter(({ isRepeat }) => !isRepeat).length).reduce((a, b) => a + b)).toBe(3)
  const repeats = sent.map((it) => ({ ...it, isRepeat: true }))
  expect(await send()).toEqual(repeats)
  await nas.stop()
  nas = await bench.start('nas')
  expect(await send()).toEqual(repeats)
  const { stdout } = await nas.cli(
    ...['ledger', 'define', 'BADGE', '--kind', 'stock', '--supply', '5', '--id', unit.id, '--json'],
  )
  expect(JSON.parse(stdout)).toEqual(repeats[1])
  // Another unit under a used id is told so, and makes nothing.
  await expect(nas.api('POST', '/v1/ledger/units', { ...unit, code: 'CAP' })).rejects.toMatchObject({
    body: { error: { code: 'usage', message: 'this id has named another request' } },
  })
  await expect(nas.api('POST', '/v1/ledger/units', { ...unit, id: 'x' })).rejects.toMatchObject({
    body: { error: { code: 'usage' } },
  })
  await untilEqual(nas, stall)
})

test.each([
  [['consume', 'POSTER', '-1'], 'amount-malformed'],
  [['consume', 'POSTER', '0'], 'amount-malformed'],
  [['consume', 'POSTER', '1.5'], 'amount-malformed'],
  [['consume', 'POSTER', '99999999999999999999'], 'amount-malformed'],
  [['consume', 'EUR', '1.005'], 'amount-malformed'],
  [['consume', 'NOTHING', '1'], 'unit-unknown'],
  [['transfer', 'POSTER', '1', 'nobody'], 'device-unknown'],
  [['restore', 'POSTER', '1000'], 'not-covered'],
])('%s is refused as %s, and nothing is written', async (args, code) => {
  const before = (await nas.status()).documents['ledger']?.commits
  expect(await refusal(nas, ...args)).toBe(code)
  expect((await nas.status()).documents['ledger']?.commits).toBe(before)
})

test('a file of opening balances is brought in once, however often it is sent, and comes out again', async () => {
  const csv = 'code,kind,scale,device,amount,memo\nSHIRT,stock,0,,20,opening\nSHIRT,stock,0,stall,5,\n'
  const dry = await nas.api('POST', '/v1/ledger/import', { csv, isDry: true })
  expect(dry).toMatchObject({
    isDry: true,
    units: [{ code: 'SHIRT', kind: 'stock', isNew: true, amount: '25' }],
    holdings: [
      { isOwn: true, amount: '20', device: { deviceName: 'nas' } },
      { isOwn: false, amount: '5', device: { deviceName: 'stall' } },
    ],
    entriesBefore: 0,
    commits: [],
  })
  const first = (await nas.api('POST', '/v1/ledger/import', { csv })) as { commits: string[] }
  expect(await nas.api('POST', '/v1/ledger/import', { csv })).toMatchObject({
    ...{ commits: first.commits, entries: 4, entriesBefore: 4 },
  })
  await until(
    'the stall has its part',
    async () => (await rightsOf(stall, 'SHIRT').catch(() => null))?.here === '5',
  )
  await untilEqual(nas, stall)
  const { stdout } = await stall.cli('ledger', 'export', '--format', 'balances')
  expect(stdout.split('\n').filter((line) => line.includes('"SHIRT"'))).toHaveLength(2)
  // Every wrong line is told, and the right ones are not written either.
  const before = (await nas.status()).documents['ledger']?.commits
  const faulty = 'code,device,amount\nSHIRT,,1\nSHIRT,,1.5\nSHIRT,nobody,2\n'
  const lines = [
    { line: 3, column: 3, columnName: 'amount', refusal: 'amount-fraction' },
    { line: 4, column: 2, columnName: 'device', refusal: 'import-holder' },
  ]
  const wrong = nas.api('POST', '/v1/ledger/import', { csv: faulty })
  await expect(wrong).rejects.toMatchObject({ body: { error: { code: 'import-invalid', lines } } })
  const file = bench.file('faulty.csv')
  await writeFile(file, faulty)
  const said = await nas.cli('ledger', 'import', file)
  expect([said.code, said.stderr]).toEqual([77, expect.stringContaining('line 4, column 2 (device): ')])
  await writeFile(file, Buffer.from('code,amount,memo\nSHIRT,1,caf\xe9\n', 'latin1'))
  expect(await nas.cli('ledger', 'import', file)).toMatchObject({
    ...{ code: 77, stderr: expect.stringContaining('not UTF-8') },
  })
  expect((await nas.status()).documents['ledger']?.commits).toBe(before)
})

test('a long file that was cut off in the middle goes on from there, and is planned the same again', async () => {
  // The second unit is defined behind more entries than a few commits take.
  const lines = Array.from({ length: 4_200 }, (_, i) => `${i < 4_150 ? 'BEAD' : 'BELL'},stock,0,1`)
  const csv = ['code,kind,scale,amount', ...lines, ''].join('\n')
  const stopper = new AbortController()
  const watched = await nas.request('/v1/ledger/import', {
    ...{ method: 'POST', body: JSON.stringify({ csv }), signal: stopper.signal },
    headers: { accept: 'application/x-ndjson', 'content-type': 'application/json' },
  })
  const first = await watched.body?.getReader().read()
  expect(new TextDecoder().decode(first?.value)).toContain('"totalEntries":4202')
  stopper.abort()
  for (const entriesBefore of [expect.any(Number), 4_202])
    expect(await nas.api('POST', '/v1/ledger/import', { csv })).toMatchObject({
      entries: 4_202,
      entriesBefore,
    })
  expect([(await rightsOf(nas, 'BEAD'))?.here, (await rightsOf(nas, 'BELL'))?.here]).toEqual(['4150', '50'])
})

test('revenue is split by a rule that both know, exactly, and paid in one commit', async () => {
  const members = (await nas.api('GET', '/v1/members')) as { members: { member: string }[] }
  const [ada, bob] = members.members.map((it) => it.member)
  const parties = [
    { key: ada, way: 'share', weight: 2 },
    { key: bob, way: 'share', weight: 1 },
  ]
  await nas.api('POST', '/v1/ledger/splits', { id: 'door', version: 1, parties })
  const again = nas.api('POST', '/v1/ledger/splits', { id: 'door', version: 1, parties: parties.slice(1) })
  await expect(again).rejects.toMatchObject({ body: { error: { code: 'split-invalid' } } })
  await untilEqual(nas, stall)
  expect(await stall.api('GET', '/v1/ledger/splits')).toMatchObject({
    splits: [{ id: 'door', version: 1 }, { id: 'tips' }],
  })
  const paid = await nas.api('POST', '/v1/ledger/split', {
    rule: 'door',
    unit: 'EUR',
    amount: '1.00',
    isPaid: true,
  })
  const { parts, commit } = paid as { parts: { amount: string }[]; commit: string | null }
  expect(parts.map((it) => it.amount).sort()).toEqual(['0.33', '0.67'])
  expect(commit).not.toBe(null)
  const net = await nas.api('POST', '/v1/ledger/net', {
    unit: 'EUR',
    debts: [
      { debtor: 'a', creditor: 'b', amount: '5.00' },
      { debtor: 'b', creditor: 'c', amount: '4.00' },
    ],
  })
  expect(net).toMatchObject({
    payments: [
      { from: 'a', to: 'c', amount: '4.00' },
      { from: 'a', to: 'b', amount: '1.00' },
    ],
    balances: [
      { key: 'a', amount: '-5.00' },
      { key: 'b', amount: '1.00' },
      { key: 'c', amount: '4.00' },
    ],
    commit: null,
  })
})

test('a rule is tried before it is written down, and what splits nothing is refused by name', async () => {
  const before = (await nas.status()).documents['ledger']?.commits
  const parties = [
    { key: 'nas', way: 'fixed', amount: '2.50' },
    { key: 'stall', way: 'points', points: 3_333 },
    { key: 'crew', way: 'share', weight: 1 },
  ]
  const preview = async (parties: object[], amount = '10.00'): Promise<unknown> =>
    nas.api('POST', '/v1/ledger/splits/preview', {
      ...{ rule: { id: 'night', version: 1, parties }, unit: 'EUR', amount },
    })
  // Fixed parts are read by the scale of the unit.
  expect(await preview(parties)).toMatchObject({
    parts: [
      { to: 'crew', amount: '5.00' },
      { to: 'nas', amount: '2.50' },
      { to: 'stall', amount: '2.50' },
    ],
  })
  const over = preview([parties[1] ?? {}, { key: 'nas', way: 'points', points: 6_668 }])
  await expect(over).rejects.toMatchObject({
    body: { error: { code: 'split-invalid', message: expect.stringContaining('split-over-100') } },
  })
  await expect(preview(parties, '2.49')).rejects.toMatchObject({
    body: { error: { message: expect.stringContaining('split-fixed-above-amount') } },
  })
  expect((await nas.status()).documents['ledger']?.commits).toBe(before)
  await nas.api('POST', '/v1/ledger/splits', { id: 'night', version: 1, unit: 'EUR', parties })
  const { splits } = (await nas.api('GET', '/v1/ledger/splits')) as { splits: { id: string }[] }
  expect(splits.find((it) => it.id === 'night')).toMatchObject({
    parties: [{ key: 'crew' }, { key: 'nas', amount: '250' }, { key: 'stall', points: 3_333 }],
  })
})

test('of netted debts a device hands over what its member pays, once', async () => {
  const debts = [
    { debtor: 'nas', creditor: 'stall', amount: '3.00' },
    { debtor: 'stall', creditor: 'nas', amount: '1.25' },
  ]
  const body = { unit: 'EUR', debts, isPaid: true, id: '0123456789abcdef0123456789abcdef' }
  const paid = (await nas.api('POST', '/v1/ledger/net', body)) as { commit: string }
  expect(paid).toMatchObject({ payments: [{ from: 'nas', to: 'stall', amount: '1.75' }] })
  expect(await nas.api('POST', '/v1/ledger/net', body)).toMatchObject({ commit: paid.commit })
  const { entries } = (await nas.api('GET', '/v1/ledger/history?text=netting')) as History
  expect(entries).toMatchObject([{ type: 'transfer', amount: '1.75', commit: paid.commit }])
  await untilEqual(nas, stall)
  await expect(stall.api('POST', '/v1/ledger/net', { ...body, id: undefined })).rejects.toMatchObject({
    body: { error: { code: 'split-invalid', message: expect.stringContaining('pays nothing on balance') } },
  })
})

test('statements of all units balance, and every format is exported', async () => {
  await untilEqual(nas, stall)
  const statement = (await stall.api('GET', '/v1/ledger/statement')) as { units: { isBalanced: boolean }[] }
  expect(statement.units.length).toBeGreaterThan(2)
  expect(statement.units.every((it) => it.isBalanced)).toBe(true)
  for (const format of ['csv', 'json', 'beancount', 'hledger', 'balances']) {
    const response = await nas.request(`/v1/ledger/export?format=${format}`)
    expect(response.status).toBe(200)
    expect((await response.text()).length).toBeGreaterThan(500)
  }
})

test('whoever decides to close a device is told what it holds, and who to replace it whose loss account bears it', async () => {
  const close = { changes: [{ kind: 'close', device: stall.device }] }
  const { effect } = (await nas.api('POST', '/v1/proposals/preview', close)) as {
    effect: { atRisk: { amounts: string[]; isReplaced: boolean }[] }
  }
  const held = await rightsOf(stall, 'SHIRT')
  expect(effect.atRisk.map((it) => it.isReplaced)).toEqual([false])
  expect(effect.atRisk[0]?.amounts).toContain(`${held?.here}\u00a0SHIRT`)
  const replace = {
    changes: [{ kind: 'replace', device: nas.device, unit: 'SHIRT', amount: '5', lost: stall.device }],
  }
  const replaced = (await nas.api('POST', '/v1/proposals/preview', replace)) as typeof close & {
    effect: { atRisk: { amounts: string[]; isReplaced: boolean }[] }
  }
  expect(replaced.effect.atRisk).toMatchObject([{ amounts: ['5\u00a0SHIRT'], isReplaced: true }])
})
