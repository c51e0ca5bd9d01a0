import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ALL_TIME,
  AccountNames,
  Statement,
  UnitTable,
  beancountWriter,
  commodityNames,
  exportText,
  hledgerWriter,
  readCsv,
} from '#protocol/ledger/money'
import type { ExportContext, ExportWriter, LedgerRow, Period } from '#protocol/ledger/money'
import {
  HAS_BEANCOUNT,
  HAS_HLEDGER,
  beanCheck,
  beanQuery,
  beanSums,
  hledger,
} from './actors/account-tools.ts'
import { HOSTILE_TEXTS, drawnRows } from './actors/ledger-rows.ts'
import type { DrawnRows } from './actors/ledger-rows.ts'

if (!HAS_BEANCOUNT)
  process.stderr.write(
    'SKIPPED: exports are not read by beancount, since /usr/bin/bean-check is not installed\n',
  )
if (!HAS_HLEDGER)
  process.stderr.write('SKIPPED: exports are not read by hledger, since /usr/bin/hledger is not installed\n')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-exports-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Books that are exported: drawn ones, and one in which every hostile text is a memo, a code, a title or a name. */
const BOOKS: readonly [string, DrawnRows][] = [
  ...fc
    .sample(drawnRows(300, 300), { seed: 6, numRuns: 3 })
    .map((drawn, i): [string, DrawnRows] => [`drawn books ${i}`, drawn]),
  ['books of hostile texts', hostileBooks()],
]

function hostileBooks(): DrawnRows {
  const [drawn] = fc.sample(drawnRows(0, 0), { seed: 1, numRuns: 1 })
  const [holder, other] = drawn?.holders ?? []
  if (drawn === undefined || holder === undefined || other === undefined) throw new Error('no books')
  const units = HOSTILE_TEXTS.map((code, i) => ({
    id: `stock-${String(i).padStart(26, 'a')}`,
    code,
    kind: code,
    scale: i % 4,
  }))
  const row = {
    device: holder.device,
    member: holder.member,
    timeMs: 1,
    amount: 1_234_567n,
    isAccepted: false,
  }
  const rows = units.flatMap(({ id: unit, code: memo }, i): LedgerRow[] => [
    { ...row, commit: `c${i}`, index: 0, type: 'issue', unit, memo, isCounted: true },
    { ...row, commit: `c${i}`, index: 1, type: 'consume', unit, memo, isCounted: false },
    {
      ...row,
      commit: `c${i}`,
      index: 2,
      type: 'transfer',
      to: other,
      amount: 7n,
      unit,
      memo,
      isCounted: true,
    },
  ])
  return { ...drawn, rows, units }
}

function contextOf(drawn: DrawnRows, more: Partial<ExportContext> = {}): ExportContext {
  const title = HOSTILE_TEXTS.join(' ')
  return { title, units: new UnitTable(drawn.units), names: drawn.names, period: null, opening: [], ...more }
}

async function written(writer: ExportWriter, rows: readonly LedgerRow[], name: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, [...exportText(writer, rows)].join(''))
  return path
}

/** `account|commodity` and the balance in minor units, of all that is not zero, as the statement has it. */
function ownTotals(drawn: DrawnRows, period: Period = ALL_TIME): Map<string, string> {
  const statement = new Statement({ member: null, period })
  for (const row of drawn.rows) statement.add(row)
  const [accounts, commodities] = [new AccountNames(drawn.names), commodityNames(drawn.units)]
  const totals = new Map<string, string>()
  for (const { account, unit, closing } of statement.lines())
    if (closing !== 0n) totals.set(`${accounts.of(account)}|${commodities.get(unit)}`, String(closing))
  return totals
}

/** The same from a tool's CSV of account, commodity and balance. */
function toolTotals(csv: string, drawn: DrawnRows): Map<string, string> {
  const scales = new Map(drawn.units.map(({ id, scale }) => [commodityNames(drawn.units).get(id), scale]))
  const totals = new Map<string, string>()
  for (const step of [...readCsv(csv, ',')].slice(1)) {
    if (!step.ok) throw new Error(step.message)
    const [account = '', commodity = '', balance = ''] = step.record.fields.map((field) => field.trim())
    const [whole = '', fraction = ''] = balance.split('.')
    const minor = BigInt(whole + fraction.padEnd(scales.get(commodity) ?? -1, '0'))
    if (minor !== 0n) totals.set(`${account}|${commodity}`, String(minor))
  }
  return totals
}

describe.skipIf(!HAS_BEANCOUNT)('beancount', () => {
  test.each(BOOKS)('%s: bean-check finds nothing, and its balances are ours', async (name, drawn) => {
    const path = await written(beancountWriter(contextOf(drawn)), drawn.rows, `${name}.beancount`)
    expect(await beanCheck(path)).toEqual({ code: 0, stdout: '', stderr: '' })
    const sums = await beanSums(path)
    expect(toolTotals(sums.stdout, drawn)).toEqual(ownTotals(drawn))
  })

  test('entries lead to the commits that prove them, and a lost one is found', async () => {
    const [, drawn] = BOOKS[0]!
    const path = await written(beancountWriter(contextOf(drawn)), drawn.rows, 'whole.beancount')
    const found = await beanQuery(
      path,
      "select entry_meta('commit'), entry_meta('index'), links where number > 0",
    )
    const commits = found.stdout
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split(',').map((field) => field.trim()))
    const counted = drawn.rows.filter(({ isCounted }) => isCounted)
    expect(commits.sort()).toEqual(counted.map(({ commit, index }) => [commit, String(index), commit]).sort())

    const broken = beancountWriter(contextOf(drawn))
    const text = [...exportText(broken, drawn.rows)]
      .join('')
      .replace(/(\n {2}[A-Z]\S+ {2})-?[0-9.]+ /, '$10 ')
    await writeFile(path, text)
    expect((await beanCheck(path)).code).not.toBe(0)
  })
})

describe.skipIf(!HAS_HLEDGER)('hledger', () => {
  test.each(BOOKS)('%s: the strict check finds nothing, and its balances are ours', async (name, drawn) => {
    const path = await written(hledgerWriter(contextOf(drawn)), drawn.rows, `${name}.journal`)
    expect(await hledger(path, 'check', '--strict')).toEqual({ code: 0, stdout: '', stderr: '' })
    const sums = await hledger(path, 'balance', '--flat', '-N', '--layout=bare', '-O', 'csv')
    expect(toolTotals(sums.stdout, drawn)).toEqual(ownTotals(drawn))
  })

  test('entries lead to the commits that prove them, and a lost one is found', async () => {
    const [, drawn] = BOOKS[0]!
    const path = await written(hledgerWriter(contextOf(drawn)), drawn.rows, 'whole.journal')
    const found = await hledger(path, 'tags', '--values', 'commit')
    const counted = drawn.rows.filter(({ isCounted }) => isCounted)
    expect(found.stdout.trim().split('\n')).toEqual([...new Set(counted.map(({ commit }) => commit))].sort())

    const broken = [...exportText(hledgerWriter(contextOf(drawn)), drawn.rows)].join('')
    await writeFile(path, broken.replace(/\n\d[^\n]*\n {2}; commit:[^\n]*\n[^\n]*\n[^\n]*/, ''))
    expect((await hledger(path, 'check')).code).not.toBe(0)
  })
})

describe.skipIf(!HAS_BEANCOUNT || !HAS_HLEDGER)('books of a period', () => {
  test('begin with the opening balances and end with the same closing ones, for the co-op and for one member', async () => {
    const [, drawn] = BOOKS[1]!
    const period = { fromMs: drawn.atPart(0.4), untilMs: drawn.atPart(0.8) }
    for (const member of [null, drawn.members[1]!]) {
      const statement = new Statement({ member, period })
      const rows = drawn.rows.filter((row) => statement.add(row) !== null)
      expect(rows.length).toBeGreaterThan(20)
      const context = contextOf(drawn, { period, opening: statement.lines() })
      const [bean, ledger] = await Promise.all([
        written(beancountWriter(context), rows, 'period.beancount'),
        written(hledgerWriter(context), rows, 'period.journal'),
      ])
      expect(await beanCheck(bean)).toEqual({ code: 0, stdout: '', stderr: '' })
      expect((await hledger(ledger, 'check', '--strict')).code).toBe(0)
      const sums = await Promise.all([
        beanSums(bean),
        hledger(ledger, 'balance', '--flat', '-N', '--layout=bare', '-O', 'csv'),
      ])
      const ours = ownTotals(drawn, period)
      const own =
        member === null
          ? ''
          : new AccountNames(drawn.names).of({ kind: 'held', member, device: '' }).split(':')[2]!
      const ofMember = (totals: Map<string, string>) =>
        new Map([...totals].filter(([account]) => account.includes(own)))
      for (const { stdout } of sums) expect(ofMember(toolTotals(stdout, drawn))).toEqual(ofMember(ours))
    }
  })
})
