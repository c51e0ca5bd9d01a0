import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isUnitCode } from '../unit.ts'
import { drawnRows } from '../../../test/actors/ledger-rows.ts'
import {
  ALL_TIME,
  IMPORT_BYTES_MAX,
  IMPORT_ERRORS_MAX,
  IMPORT_ROWS_MAX,
  Statement,
  UnitTable,
  balancesCsv,
  planImport,
} from './index.ts'
import type { ImportContext, ImportResult, LedgerRow, PlannedEntry, UnitInfo } from './index.ts'

const EUR: UnitInfo = { id: 'money-aaaaaaaaaaaaaaaaaaaaaaaaaa', code: 'EUR', kind: 'money', scale: 2 }
const [TILL, NAS, BOX] = [
  { device: 'd1'.repeat(32), member: 'a1'.repeat(32), deviceName: 'till', memberName: 'Ann' },
  { device: 'd2'.repeat(32), member: 'b2'.repeat(32), deviceName: 'nas', memberName: 'Ben' },
  { device: 'd3'.repeat(32), member: 'b2'.repeat(32), deviceName: 'box', memberName: 'Ben' },
] as const
const CONTEXT: ImportContext = { units: [EUR], holders: [TILL, NAS, BOX], self: TILL.device }

function plan(text: string, more: Partial<ImportContext> = {}): ImportResult {
  return planImport(new TextEncoder().encode(text), { ...CONTEXT, ...more })
}

function entriesOf(result: ImportResult): PlannedEntry[] {
  if (!result.ok) throw new Error(JSON.stringify(result.errors))
  return result.entries
}

/** `line:column name refusal` of each error, and the messages. */
function errorsOf(result: ImportResult): [string[], string] {
  if (result.ok) throw new Error('planned')
  const { errors } = result
  return [
    errors.map(({ line, column, columnName, refusal }) => `${line}:${column} ${columnName} ${refusal}`),
    errors.map(({ message }) => message).join('\n'),
  ]
}

const STOCK = { type: 'define', label: 'TEE-L', code: 'TEE-L', kind: 'stock', scale: 0 }
const tee = { isNew: true, label: 'TEE-L' }
const eur = { isNew: false, id: EUR.id }

describe('an import', () => {
  it('defines units, issues what the device keeps, issues and transfers what others get', () => {
    const text =
      'code,kind,scale,device,amount,memo\nTEE-L,stock,0,,40,van\nTEE-L,stock,0,nas,30,shelf\nTEE-L,stock,0,box,5,\nEUR,,,nas,12.50,float\n'
    const result = plan(text)
    expect(entriesOf(result)).toEqual([
      { ...STOCK, supply: 75n, line: 2 },
      { type: 'issue', unit: tee, amount: 40n, memo: 'van', line: 2 },
      { type: 'issue', unit: tee, amount: 35n, memo: '', line: 3 },
      {
        type: 'transfer',
        unit: tee,
        to: { device: NAS.device, member: NAS.member },
        amount: 30n,
        memo: 'shelf',
        line: 3,
      },
      {
        type: 'transfer',
        unit: tee,
        to: { device: BOX.device, member: BOX.member },
        amount: 5n,
        memo: '',
        line: 4,
      },
      { type: 'issue', unit: eur, amount: 1_250n, memo: '', line: 5 },
      {
        type: 'transfer',
        unit: eur,
        to: { device: NAS.device, member: NAS.member },
        amount: 1_250n,
        memo: 'float',
        line: 5,
      },
    ])
    expect(result).toMatchObject({
      totals: [
        { unit: tee, code: 'TEE-L', scale: 0, amount: 75n, needsAllowance: false },
        { unit: eur, code: 'EUR', scale: 2, amount: 1_250n, needsAllowance: true },
      ],
    })
    const money = plan('code,kind,scale,amount\nCHF,money,2,1\n')
    expect(entriesOf(money)[0]).toMatchObject({ type: 'define', supply: 0n })
    expect(money).toMatchObject({ totals: [{ needsAllowance: true }] })
  })

  it('takes what spreadsheets make of a CSV file', () => {
    const plain = entriesOf(plan('code,kind,scale,member,amount,memo\nTEE-L,stock,0,Ann,40,"a, ""b"""\n'))
    for (const text of [
      '\ufeffcode,kind,scale,member,amount,memo\r\nTEE-L,stock,0,Ann,40,"a, ""b"""\r\n',
      'Code;Kind;Scale;Member;Amount;Memo\r\nTEE-L;stock;0;Ann;40;"a, ""b"""\r\n',
      'code\tkind\tscale\tmember\tamount\tmemo\rTEE-L\tstock\t0\tAnn\t40\t"a, ""b"""',
      'AMOUNT , member,memo,scale,kind,code,,\n40, Ann ,"a, ""b""",0,stock,TEE-L,,\n,,,,,,,\n',
    ])
      expect(entriesOf(plan(text)), text).toEqual(plain)
    const told = plan('sep=;\ncode;kind;scale;amount\nTEE;stock;0;40')
    expect(entriesOf(told)).toMatchObject([{ line: 3 }, { line: 3, amount: 40n }])
    expect(entriesOf(plan(`code,member,amount\nEUR,${TILL.member},1`))).toHaveLength(1)
    expect(entriesOf(plan(`unit,device,member,amount\n${EUR.id},box,Ben,1`))).toHaveLength(2)
    expect(entriesOf(plan('code,amount\n'))).toEqual([])
  })

  it('says for each line and column what is wrong and what to write', () => {
    const text = [
      'code,kind,scale,device,member,amount,memo',
      'EUR,,,,,"12,50",',
      'EUR,,,,,-1,',
      'EUR,,,nobody,,1,',
      'EUR,,,,Ben,1,',
      'EUR,,,till,Ben,1,',
      'CHF,,,,,1,',
      'CHF,coins,2,,,1,',
      'CHF,money,two,,,1,',
      ',,,,,1,',
      'EUR,stock,,,,1,',
      `EUR,,,,,1,${'x'.repeat(257)}`,
      'EUR,,,,,1',
      'EUR,,,,,1,,more',
      'EUR,,,,,1,"a\nb"',
      'EUR,,,,Nobody,1.5.5,',
    ].join('\n')
    const [errors, messages] = errorsOf(plan(text))
    expect(errors).toEqual([
      '2:6 amount amount-separator',
      '3:6 amount amount-sign',
      '4:4 device import-holder',
      '5:4 device import-holder-unclear',
      '6:4 device import-holder',
      '7:2 kind import-kind',
      '8:2 kind import-kind',
      '9:3 scale import-scale',
      '10:1 code import-unit',
      '11:2 kind import-unit-differs',
      '12:7 memo import-memo',
      '13:0  import-fields',
      '14:0  import-fields',
      '15:7 memo import-hidden',
      '17:5 member import-holder',
      '17:6 amount amount-separator',
    ])
    for (const words of [
      'such as 12.50',
      'there is no device till of Ben',
      'Ben has 2 devices: write which in the column device, such as nas or box',
      'write a kind out of money, credit',
      '2 for cents',
      'with kind money: write that or nothing',
      'on one line',
    ])
      expect(messages).toContain(words)
  })

  it('does not guess between alike names and codes', () => {
    const units = [EUR, { ...EUR, id: 'money-bbbbbbbbbbbbbbbbbbbbbbbbbb' }]
    expect(errorsOf(plan('code,amount\nEUR,1', { units }))[1]).toContain(
      `column unit: ${EUR.id} or money-bbbb`,
    )
    expect(entriesOf(plan(`unit,amount\n${EUR.id},1`, { units }))).toHaveLength(1)
    const twin = { ...NAS, device: 'd4'.repeat(32), member: 'c4'.repeat(32), memberName: 'Ann' }
    const impostor = {
      ...twin,
      deviceName: TILL.device,
      memberName: 'X',
      device: 'd5'.repeat(32),
      member: 'd5'.repeat(32),
    }
    const holders = [TILL, NAS, BOX, twin, impostor]
    expect(errorsOf(plan('code,member,amount\nEUR,Ann,1', { holders }))[0]).toEqual([
      '2:2 member import-holder-unclear',
    ])
    expect(errorsOf(plan('code,device,amount\nEUR,nas,1', { holders }))[0]).toEqual([
      '2:2 device import-holder-unclear',
    ])
    expect(entriesOf(plan('code,device,member,amount\nEUR,nas,Ben,1', { holders }))).toMatchObject([
      {},
      { to: { device: NAS.device } },
    ])
    expect(entriesOf(plan(`code,device,amount\nEUR,${TILL.device},1`, { holders }))).toMatchObject([
      { type: 'issue' },
    ])
    expect(errorsOf(plan('code,amount\nEUR,1', { self: 'gone' }))[0]).toEqual(['2:0 device import-holder'])
    const conflict = 'code,kind,scale,amount\nTEE,stock,0,1\nTEE,stock,1,1\nTEE,seat,0,1'
    expect(errorsOf(plan(conflict))[0]).toEqual([
      '3:3 scale import-unit-differs',
      '4:2 kind import-unit-differs',
    ])
    expect(errorsOf(plan('code,kind,scale,amount\nX,admission,0,1'))[0]).toEqual(['2:2 kind import-kind'])
  })

  it('knows the names of its columns', () => {
    expect(errorsOf(plan('code,amout\nEUR,1'))[0]).toEqual([
      '1:2 amout import-column-unknown',
      '1:0 amount import-column-missing',
    ])
    expect(errorsOf(plan('code,amount,code\nEUR,1,EUR'))[0]).toEqual(['1:3 code import-column-twice'])
    expect(errorsOf(plan('device,amount\nnas,1'))[0]).toEqual(['1:0 unit import-column-missing'])
    expect(errorsOf(plan('=cmd()\n'))[0][0]).toBe('1:1 =cmd() import-column-unknown')
    for (const text of ['', '\ufeff', '\n\n', ',,\n,'])
      expect(errorsOf(plan(text))[0]).toEqual(['0:0  import-empty'])
  })

  it('ends at its limits', () => {
    const lines = (count: number, line: string) => `code,amount\n${`${line}\n`.repeat(count)}`
    expect(entriesOf(plan(lines(IMPORT_ROWS_MAX, 'EUR,1')))).toHaveLength(IMPORT_ROWS_MAX)
    expect(errorsOf(plan(lines(IMPORT_ROWS_MAX + 1, 'EUR,1')))[0]).toEqual([
      `${IMPORT_ROWS_MAX + 2}:0  import-rows`,
    ])
    expect(errorsOf(plan(lines(IMPORT_ROWS_MAX, 'EUR,x')))[0]).toHaveLength(IMPORT_ERRORS_MAX)
    expect(errorsOf(plan(lines(10, 'EUR,9999999999999999.99')))[0]).toContain('11:2 amount import-sum')
    const most = 'x'.repeat(IMPORT_BYTES_MAX)
    expect(errorsOf(plan(most))[0]).toEqual(['1:1  csv-field'])
    expect(errorsOf(plan(`${most}x`))[0]).toEqual(['0:0  import-too-large'])
  })

  it('is not harmed by a hostile file', () => {
    const size = IMPORT_BYTES_MAX
    const started = process.cpuUsage().user
    for (const text of [
      '"',
      '""',
      ',',
      ';',
      '\n',
      '\r',
      '"\n"',
      'a,',
      '\u0000',
      '\u202e',
      '"",',
      '=cmd(),',
      `"${'x'.repeat(4_000)}",`,
    ])
      expect(
        planImport(new TextEncoder().encode(text.repeat(size / text.length).slice(0, size / 3)), CONTEXT).ok,
      ).toBe(false)
    expect(process.cpuUsage().user - started).toBeLessThan(10_000_000)
    expect(errorsOf(planImport(new Uint8Array(10_485_760), CONTEXT))[0]).toEqual(['0:0  import-too-large'])
    expect(errorsOf(planImport(new Uint8Array([0xff, 0xfe, 0x61, 0]), CONTEXT))[0]).toEqual([
      '0:0  import-not-utf8',
    ])
    const [hidden, messages] = errorsOf(plan('code,amount,memo\nEUR,1\u0000,a\nEUR,1,\u202eb\n'))
    expect(hidden).toEqual(['2:2 amount import-hidden', '3:3 memo import-hidden'])
    expect(messages).toContain('U+202E')
    expect(entriesOf(plan("code,amount,memo\nEUR,1,=cmd()\nEUR,1,'=cmd()"))).toMatchObject([
      { memo: '=cmd()' },
      { memo: '=cmd()' },
    ])
    const text = fc.string({
      unit: fc.constantFrom('code', 'unit', 'amount', ',', ';', '\n', '"', 'EUR', '1', '=', '\u0000', 'sep='),
    })
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), (it) => void plan(it)),
      { numRuns: 1_000 },
    )
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void planImport(bytes, CONTEXT)))
  })
})

/** What devices hold after a plan is carried out: the issues must cover the transfers. */
function carriedOut(entries: readonly PlannedEntry[], self: string): Map<string, bigint> {
  const held = new Map<string, bigint>()
  const add = (device: string, unit: string, amount: bigint) => {
    const key = `${device} ${unit}`
    const left = (held.get(key) ?? 0n) + amount
    if (left < 0n) throw new Error('overdrawn')
    if (left === 0n) held.delete(key)
    else held.set(key, left)
  }
  for (const entry of entries) {
    if (entry.type === 'define') continue
    const unit = entry.unit.isNew ? entry.unit.label : entry.unit.id
    add(self, unit, entry.type === 'issue' ? entry.amount : -entry.amount)
    if (entry.type === 'transfer') add(entry.to.device, unit, entry.amount)
  }
  return held
}

describe('balances that are exported and imported', () => {
  it('are the same, in the ledger that has the units and in one that has none', () => {
    let count = 0
    fc.assert(
      fc.property(drawnRows(0, 25), (drawn) => {
        // Balances below zero are for people to decide about, and what cannot be written in 18 digits nobody holds.
        const rows = drawn.rows.map((row): LedgerRow => ({
          ...row,
          type: 'issue',
          amount: (row.amount % 1_000_000_000n) + 1n,
        }))
        const statement = new Statement({ member: null, period: ALL_TIME })
        for (const row of rows) statement.add(row)
        const lines = statement.lines()
        const units = drawn.units.map((unit) => ({
          ...unit,
          code: isUnitCode(unit.code) ? unit.code : 'CODE',
        }))
        const context = {
          title: '',
          units: new UnitTable(units),
          names: drawn.names,
          period: null,
          opening: [],
        }
        const bytes = new TextEncoder().encode([...balancesCsv(lines, context)].join(''))
        const held = lines.filter(({ account, closing }) => account.kind === 'held' && closing > 0n)
        const expected = new Map(
          held.map(({ account, unit, closing }) => [`${account.device} ${unit}`, closing]),
        )
        const self = drawn.holders[0]?.device ?? ''
        const { holders } = drawn
        for (const known of [units, []]) {
          const result = planImport(bytes, { units: known, holders, self })
          expect(carriedOut(entriesOf(result), self)).toEqual(expected)
          if (!result.ok) return
          const sums = new Map<string, bigint>()
          for (const { unit, closing } of held) sums.set(unit, (sums.get(unit) ?? 0n) + closing)
          expect(
            new Map(result.totals.map(({ unit, amount }) => [unit.isNew ? unit.label : unit.id, amount])),
          ).toEqual(sums)
        }
        count += expected.size
      }),
      { numRuns: 60 },
    )
    expect(count).toBeGreaterThan(150)
  })

  it('below zero are refused: somebody has to decide about a deficit', () => {
    expect(errorsOf(plan(`unit,device,amount\n${EUR.id},till,-3`))[0]).toEqual(['2:3 amount amount-sign'])
  })
})
