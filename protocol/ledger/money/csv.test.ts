import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CSV_COLUMNS_MAX,
  CSV_FIELD_LENGTH_MAX,
  CsvNumber,
  csvRecord,
  guardFormula,
  readCsv,
  shownLine,
  unguardFormula,
} from './csv.ts'

function records(text: string, separator = ',') {
  return [...readCsv(text, separator)].map((step) =>
    step.ok ? step.record.fields : [step.refusal, step.line, step.column],
  )
}

describe('CSV that is read', () => {
  it('has any line ends, quotes, and separators and line ends inside quotes', () => {
    expect(records('a,b\r\n1,2\n3,4\r5,6')).toEqual([
      ['a', 'b'],
      ['1', '2'],
      ['3', '4'],
      ['5', '6'],
    ])
    expect(records('"a,b","c ""d""","e\r\nf"\r\n')).toEqual([['a,b', 'c "d"', 'e\r\nf']])
    expect(records('a;b,c;""\n', ';')).toEqual([['a', 'b,c', '']])
    expect(records('\n\r\n,\n\n')).toEqual([['', '']])
    expect(records('')).toEqual([])
  })

  it('says on which line a record begins, whatever is inside quotes before', () => {
    const steps = [...readCsv('a\n"b\nb\r\nb"\n\nc', ',', 2)]
    expect(steps.map((step) => (step.ok ? step.record.line : 0))).toEqual([2, 3, 7])
  })

  it('ends at the first error, with its line and column', () => {
    expect(records('a,b\nc,d"e\nf,g')).toEqual([
      ['a', 'b'],
      ['csv-quote', 2, 2],
    ])
    expect(records('a,b\nc,"d"e\n')).toEqual([
      ['a', 'b'],
      ['csv-quote', 2, 2],
    ])
    expect(records('a\n"b\n\n\nc')).toEqual([['a'], ['csv-unclosed', 2, 1]])
    expect(records(','.repeat(CSV_COLUMNS_MAX))).toEqual([['csv-columns', 1, CSV_COLUMNS_MAX]])
    expect(records(','.repeat(CSV_COLUMNS_MAX - 1))).toHaveLength(1)
    expect(records(`a,${'x'.repeat(CSV_FIELD_LENGTH_MAX + 1)}`)).toEqual([['csv-field', 1, 2]])
    expect(records(`"${'x'.repeat(CSV_FIELD_LENGTH_MAX)}"`)[0]?.[0]).toHaveLength(CSV_FIELD_LENGTH_MAX)
  })

  it('never throws, and gives back what was written', () => {
    const texts = fc.string({
      unit: fc.constantFrom('a', '"', ',', ';', '\n', '\r', ' ', '=', "'", '+', 'ß', '💶'),
    })
    fc.assert(
      fc.property(texts, (text) => void records(text)),
      { numRuns: 2_000 },
    )
    fc.assert(
      fc.property(fc.array(texts, { minLength: 2, maxLength: 6 }), (fields) => {
        const [read] = [...readCsv(csvRecord(fields), ',')]
        expect(read?.ok === true ? read.record.fields.map(unguardFormula) : read).toEqual(
          fields.map(shownLine),
        )
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('CSV that is written', () => {
  it('is RFC 4180: texts in quotes, numbers bare, CRLF', () => {
    expect(csvRecord(['a "b", c', 3, new CsvNumber('-12.50')])).toBe('"a ""b"", c",3,-12.50\r\n')
    expect(() => new CsvNumber('=1')).toThrow('no number')
    expect(() => new CsvNumber('-1+cmd()')).toThrow('no number')
  })

  it('has no cell that a spreadsheet takes for a formula, whatever separates its cells', () => {
    for (const text of [
      '=cmd()',
      '+1',
      '-1',
      '@SUM(A1)',
      ' =1',
      '"=1',
      '＝1',
      '\t=1',
      '\r=1',
      'a;=cmd()',
      'a|+1',
      'a\n@x',
    ])
      expect(text.split(/[;|\n]/).some((cell) => /^[\s"]*[=+\-@＝]/.test(cell))).toBe(true)
    const isFormula = (cell: string) => /^[\s"]*[=+\-@＝＋－＠]/u.test(cell)
    const texts = fc.string({
      unit: fc.constantFrom('=', '+', '-', '@', '＝', "'", '"', ';', ',', '\t', '\n', ' ', '|', 'x'),
    })
    fc.assert(
      fc.property(texts, (text) => {
        const guarded = guardFormula(text)
        for (const cell of guarded.split(/[;,\t\r\n|]/)) expect(isFormula(cell)).toBe(false)
        expect(unguardFormula(guarded)).toBe(text)
      }),
      { numRuns: 5_000 },
    )
    expect(['=cmd()', "'quoted'", 'a-b', '5; -3'].map(guardFormula)).toEqual([
      "'=cmd()",
      "''quoted'",
      'a-b',
      "5; '-3",
    ])
  })

  it('shows what is hidden, on one line', () => {
    expect(shownLine('a\u202eb\u0000c\nd\u2028e\u200bf')).toBe('a\ufffdb\ufffdc d e\ufffdf')
  })
})
