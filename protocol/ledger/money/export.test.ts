import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOSTILE_TEXTS, drawnRows } from '../../../test/actors/ledger-rows.ts'
import type { DrawnRows } from '../../../test/actors/ledger-rows.ts'
import {
  ALL_TIME,
  AccountNames,
  CsvWriter,
  JsonWriter,
  Statement,
  UnitTable,
  balancesCsv,
  beancountWriter,
  commodityNames,
  exportText,
  hledgerWriter,
  readCsv,
  statementCsv,
  statementJson,
} from './index.ts'
import type { ExportContext, ExportWriter, LedgerRow, UnitInfo } from './index.ts'

const EUR: UnitInfo = { id: 'money-aaaaaaaaaaaaaaaaaaaaaaaaaa', code: 'EUR', kind: 'money', scale: 2 }
const TEE: UnitInfo = { id: 'stock-bbbbbbbbbbbbbbbbbbbbbbbbbb', code: 'Tee L', kind: 'stock', scale: 0 }
const ANN = { device: 'd1'.repeat(32), member: 'a1'.repeat(32) }
const BEN = { device: 'd2'.repeat(32), member: 'b2'.repeat(32) }
const NAMES = {
  members: new Map([
    [ANN.member, 'Ann'],
    [BEN.member, '=Ben "B"'],
  ]),
  devices: new Map([
    [ANN.device, 'till'],
    [BEN.device, 'NAS'],
  ]),
}
const CONTEXT: ExportContext = {
  ...{ title: 'Lantern "Street"', units: new UnitTable([EUR, TEE]), names: NAMES, period: null, opening: [] },
}
const START = Date.UTC(2026, 10, 28, 12)

const ROWS: LedgerRow[] = [
  {
    commit: 'c0ffee',
    index: 0,
    timeMs: START,
    ...ANN,
    type: 'issue',
    unit: EUR.id,
    amount: 10_000n,
    isCounted: true,
    isAccepted: false,
    memo: 'float',
  },
  {
    commit: 'c0ffee',
    index: 1,
    timeMs: START,
    ...ANN,
    type: 'consume',
    unit: TEE.id,
    amount: 3n,
    isCounted: true,
    isAccepted: false,
  },
  {
    commit: 'beef',
    index: 0,
    timeMs: START + 1,
    ...ANN,
    type: 'transfer',
    to: BEN,
    unit: EUR.id,
    amount: 1_250n,
    isCounted: true,
    isAccepted: false,
    memo: '=cmd()\n; "x"',
  },
  {
    commit: 'dead',
    index: 0,
    timeMs: START + 2,
    ...BEN,
    type: 'consume',
    unit: EUR.id,
    amount: 1n,
    isCounted: false,
    isAccepted: false,
  },
]

function whole(writer: ExportWriter, rows: Iterable<LedgerRow> = ROWS): string {
  return [...exportText(writer, rows)].join('')
}

function contextOf(drawn: DrawnRows): ExportContext {
  return { ...CONTEXT, units: new UnitTable(drawn.units), names: drawn.names }
}

function statementOf(rows: Iterable<LedgerRow>): Statement {
  const statement = new Statement({ member: null, period: ALL_TIME })
  for (const row of rows) statement.add(row)
  return statement
}

describe('the exports of a small ledger', () => {
  it('as CSV', () => {
    const lines = whole(new CsvWriter(CONTEXT)).split('\r\n')
    expect(lines[0]).toBe(
      '"time","type","state","amount","code","unit","member","member name","device","device name","to member","to member name","to device","to device name","memo","commit","index"',
    )
    expect(lines[3]).toBe(
      `"2026-11-28T12:00:00.001Z","transfer","in flight",12.50,"EUR","${EUR.id}","${ANN.member}","Ann","${ANN.device}","till","${BEN.member}","'=Ben ""B""","${BEN.device}","NAS","'=cmd() ; ""x""","beef",0`,
    )
    expect(lines[4]).toContain('"not counted",0.01')
    expect(lines).toHaveLength(6)
  })

  it('as JSON', () => {
    const text = whole(new JsonWriter(CONTEXT))
    const read = JSON.parse(text) as { entries: object[]; balances: object[]; units: object[] }
    expect(read).toMatchObject({ format: 'coopmesh-ledger-1', title: 'Lantern "Street"', period: null })
    expect(read.units).toEqual([EUR, TEE])
    expect(read.entries[2]).toEqual({
      ...{ commit: 'beef', index: 0, time: '2026-11-28T12:00:00.001Z', timeMs: START + 1, type: 'transfer' },
      ...{
        state: 'in flight',
        ...ANN,
        to: BEN,
        unit: EUR.id,
        amount: '12.50',
        minor: '1250',
        memo: '=cmd()\n; "x"',
      },
    })
    expect(read.balances).toContainEqual({
      account: 'held',
      ...ANN,
      unit: EUR.id,
      amount: '87.50',
      minor: '8750',
    })
    expect(read.balances).toContainEqual({ account: 'held', ...ANN, unit: TEE.id, amount: '-3', minor: '-3' })
    expect(JSON.parse(whole(new JsonWriter(CONTEXT), []))).toMatchObject({ entries: [], balances: [] })
  })

  it('for beancount', () => {
    const text = whole(beancountWriter(CONTEXT))
    expect(text).toContain('option "title" "Lantern \\"Street\\""\n')
    expect(text).toContain(`1970-01-01 commodity TEE-L-BBBBBBBB\n  unit: "${TEE.id}"\n  code: "Tee L"\n`)
    expect(text).toContain(
      [
        '2026-11-28 ! "transfer: =cmd() ; \\"x\\"" ^beef',
        '  commit: "beef"',
        '  index: 0',
        '  time: "2026-11-28T12:00:00.001Z"',
        '  Assets:InFlight:Ben-B-b2b2b2b2b2b2b2b2:NAS-d2d2d2d2d2d2d2d2  12.50 EUR',
        '  Assets:Held:Ann-a1a1a1a1a1a1a1a1:Till-d1d1d1d1d1d1d1d1  -12.50 EUR\n',
      ].join('\n'),
    )
    expect(text).toContain(`; not counted: 2026-11-28 0.01 ${EUR.id} commit dead 0 consume\n`)
    expect(text).toContain(
      '2026-11-29 balance Assets:Held:Ann-a1a1a1a1a1a1a1a1:Till-d1d1d1d1d1d1d1d1  87.50 ~ 0 EUR\n',
    )
  })

  it('for hledger', () => {
    const text = whole(hledgerWriter(CONTEXT))
    expect(text).toContain(
      `; "TEE-L-BBBBBBBB" is unit ${TEE.id}, kind stock, code Tee L\ncommodity 1000. "TEE-L-BBBBBBBB"\n`,
    )
    expect(text).toContain(
      [
        '2026-11-28 ! transfer: =cmd() , "x"',
        '  ; commit:beef, index:0, time:2026-11-28T12:00:00.001Z',
        '  Assets:InFlight:Ben-B-b2b2b2b2b2b2b2b2:NAS-d2d2d2d2d2d2d2d2  12.50 "EUR"',
        '  Assets:Held:Ann-a1a1a1a1a1a1a1a1:Till-d1d1d1d1d1d1d1d1  -12.50 "EUR"\n',
      ].join('\n'),
    )
    expect(text).toContain(
      '  Assets:Held:Ann-a1a1a1a1a1a1a1a1:Till-d1d1d1d1d1d1d1d1  0.00 "EUR" = 87.50 "EUR"\n',
    )
  })

  it('of statements and balances', () => {
    const statement = statementOf(ROWS)
    const csv = [...statementCsv(statement.lines(), CONTEXT)].join('').split('\r\n')
    expect(csv[0]).toBe(
      '"unit","code","kind","scale","account","member","member name","device","device name","opening","up","down","closing"',
    )
    expect(csv[1]).toBe(
      `"${EUR.id}","EUR","money",2,"held","${ANN.member}","Ann","${ANN.device}","till",0.00,100.00,12.50,87.50`,
    )
    expect([...balancesCsv(statement.lines(), CONTEXT)].join('')).toBe(
      [
        '"unit","code","kind","scale","device","member","amount","memo"',
        `"${EUR.id}","EUR","money",2,"${ANN.device}","${ANN.member}",87.50,""`,
        `"${TEE.id}","Tee L","stock",0,"${ANN.device}","${ANN.member}",-3,""`,
        '',
      ].join('\r\n'),
    )
    expect(JSON.parse(statementJson(statement.lines(), statement.books(), CONTEXT))).toMatchObject({
      format: 'coopmesh-statement-1',
      lines: [
        { account: 'held', ...ANN, unit: EUR.id, opening: '0', up: '10000', down: '1250', closing: '8750' },
        {},
        {},
        {},
        {},
      ],
      books: [{ unit: EUR.id, issued: '10000', inFlight: '1250', isBalanced: true }, { deficits: '3' }],
    })
  })
})

describe('exports of anything', () => {
  it('hold each entry once, with nothing hidden in it, and JSON gives back every text as it was', () => {
    fc.assert(
      fc.property(drawnRows(), (drawn) => {
        const context = contextOf(drawn)
        const { rows } = drawn
        const texts = [
          new CsvWriter(context),
          new JsonWriter(context),
          beancountWriter(context),
          hledgerWriter(context),
        ].map((writer) => whole(writer, rows))
        for (const text of texts)
          if (/[^\P{Cc}\r\n]|[\u202a-\u202e\u2066-\u2069\ufeff]/u.test(text)) throw new Error('hidden')
        const [csv = '', json = '', beancount = '', hledger = ''] = texts
        const records = [...readCsv(csv, ',')].map((step) => (step.ok ? step.record.fields : []))
        expect(records.length).toBe(rows.length + 1)
        const { entries } = JSON.parse(json) as { entries: { minor: string; memo?: string }[] }
        expect(entries.map(({ minor, memo }) => [minor, memo])).toEqual(
          rows.map(({ amount, memo }) => [String(amount), memo]),
        )
        const counted = rows.filter(({ isCounted }) => isCounted).length
        expect(beancount.match(/^ {2}commit: /gm)?.length ?? 0).toBe(counted)
        expect(hledger.match(/^ {2}; commit:/gm)?.length ?? 0).toBe(counted)
      }),
      { numRuns: 40 },
    )
  })

  it('come in pieces, so a million rows need no memory', () => {
    let made = 0
    function* rows(): Generator<LedgerRow> {
      for (; made < 20_000; made += 1) yield { ...ROWS[made % 4]!, index: made }
    }
    for (const writer of [
      new CsvWriter(CONTEXT),
      new JsonWriter(CONTEXT),
      beancountWriter(CONTEXT),
      hledgerWriter(CONTEXT),
    ]) {
      made = 0
      let pieces = 0
      for (const piece of exportText(writer, rows())) {
        pieces += 1
        expect(piece.length).toBeLessThan(70_000)
        if (pieces === 1) expect(made).toBeLessThan(1_000)
      }
      expect([made, pieces > 20]).toEqual([20_000, true])
    }
  })

  it('need each unit that counts', () => {
    const lost = { ...CONTEXT, units: new UnitTable([EUR]) }
    expect(() => whole(beancountWriter(lost))).toThrow('not in the table')
    expect(whole(new CsvWriter(lost))).toContain(`,3,"${TEE.id}","${TEE.id}",`)
  })
})

describe('names in account books', () => {
  const unit = (code: string, i: number): UnitInfo => ({
    id: `stock-${String(i).padStart(26, 'z')}`,
    code,
    kind: 'stock',
    scale: 0,
  })

  it('commodities are legal, different, and a function of the set of units', () => {
    const codes = fc.array(fc.oneof(fc.constantFrom('EUR', 'eur', 'E', ...HOSTILE_TEXTS), fc.string()), {
      maxLength: 12,
    })
    fc.assert(
      fc.property(codes, (codes) => {
        const units = codes.map(unit)
        const names = commodityNames(units)
        expect(new Set(names.values()).size).toBe(units.length)
        for (const name of names.values()) expect(name).toMatch(/^[A-Z][A-Z0-9'._-]{0,22}[A-Z0-9]$/)
        expect(commodityNames([...units].reverse())).toEqual(names)
      }),
      { numRuns: 1_000 },
    )
    expect([
      ...commodityNames([unit('EUR', 1), unit('Tee L', 2), unit('X', 3), unit('POSTER_A2.V-1', 4)]).values(),
    ]).toEqual(['EUR', 'POSTER_A2.V-1', 'TEE-L-ZZZZZZZ2', 'XX-ZZZZZZZ3'])
    expect([...commodityNames([unit('EUR', 1), unit('eur', 2)]).values()]).toEqual([
      'EUR-ZZZZZZZ1',
      'EUR-ZZZZZZZ2',
    ])
    const alike = [1, 2].map((i) => ({ ...unit('EUR', 0), id: `stock-${i}${'z'.repeat(25)}` }))
    expect(new Set(commodityNames(alike).values()).size).toBe(2)
    const code = `EUR-${'Z'.repeat(8)}`
    expect(
      new Set(
        commodityNames([
          unit('Eur', 0),
          { ...unit('Eur', 0), id: `stock-${'z'.repeat(26)}` },
          unit(code, 5),
        ]).values(),
      ).size,
    ).toBe(3)
  })

  it('accounts are legal and different, whatever people are called and whatever their keys begin with', () => {
    const legal = /^(?:Assets|Liabilities|Equity|Expenses)(?::[A-Z0-9][A-Za-z0-9-]*){3}$/
    const texts = fc.oneof(fc.constantFrom(...HOSTILE_TEXTS), fc.string())
    const key = fc
      .tuple(fc.constantFrom('a'.repeat(16), 'b'.repeat(40)), fc.stringMatching(/^[0-9a-f]{8}$/))
      .map((it) => it.join(''))
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { maxLength: 8 }),
        fc.array(texts, { minLength: 8, maxLength: 8 }),
        (keys, drawn) => {
          const map = new Map(keys.map((it, i) => [it, drawn[i] ?? '']))
          const accounts = new AccountNames({ members: map, devices: map })
          const names = keys.flatMap((device) => [
            accounts.of({ kind: 'held', member: device, device }),
            accounts.of({ kind: 'in-flight', member: 'x', device }),
          ])
          expect(new Set(names).size).toBe(names.length)
          for (const name of names) expect(name).toMatch(legal)
        },
      ),
      { numRuns: 500 },
    )
    const nameless = new AccountNames({ members: new Map(), devices: new Map() })
    expect(nameless.of({ kind: 'loss', ...ANN })).toBe(
      'Equity:Loss:Member-a1a1a1a1a1a1a1a1:Device-d1d1d1d1d1d1d1d1',
    )
  })
})
