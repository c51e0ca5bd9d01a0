import * as fc from 'fast-check'
import type { Holder, LedgerNames, LedgerRow, LedgerRowType, UnitInfo } from '#protocol/ledger/money'

/** Rows as no honest ledger has them: any order, overdrafts, clocks a century off, and names that attack whoever reads them. */
export interface DrawnRows {
  rows: LedgerRow[]
  units: UnitInfo[]
  names: LedgerNames
  holders: (Holder & { deviceName: string; memberName: string })[]
  members: string[]
  /** A time at which this part of 0 to 1 of the drawn times has passed. */
  atPart(part: number): number
}

const TYPES: readonly LedgerRowType[] = [
  ...(['issue', 'withdraw', 'consume', 'restore', 'return'] as const),
  ...(['draw', 'repay', 'write-back', 'transfer', 'replace'] as const),
]

/** Texts that break careless exports. */
export const HOSTILE_TEXTS: readonly string[] = [
  ...[
    'POSTER_A2.V-1',
    '=cmd()',
    '+1',
    '-2',
    '@SUM(A1:A9)',
    "'",
    '"',
    '""',
    '\\',
    '\\"',
    '\n',
    'a\r\nb',
    ';',
    '; x',
    '|',
    'a | b',
    '  two  blanks',
  ],
  ...[
    '\u0000',
    '\u202eevil',
    '\u2028',
    '\ufeff',
    '2026-01-01 open Assets:X',
    '\n2026-01-01 * "x"\n',
    '#tag ^link',
    '{} @ 3 EUR',
  ],
  ...[
    'commit:0, index:9',
    '(code) x',
    '* !',
    '=',
    '',
    ' ',
    'Ada',
    'Björn',
    '日本',
    '💶',
    'a'.repeat(300),
    'Assets:Held',
    '__proto__',
  ],
  ...['=HYPERLINK("http://a","b")', 'a;=1', 'include "/etc/passwd"', 'x\tinclude y', '\ud800'],
]

/** Hexadecimal text of 64 characters. */
function keyOf(kind: string, number: number): string {
  return `${kind}${number.toString(16).padStart(4, '0')}`.padEnd(64, 'e')
}

/** Rows of 3 members with 5 devices in 4 units, two of which have one code. */
export function drawnRows(minLength = 0, maxLength = 60): fc.Arbitrary<DrawnRows> {
  const texts = fc.oneof(fc.constantFrom(...HOSTILE_TEXTS), fc.string({ unit: 'binary' }))
  const units: fc.Arbitrary<UnitInfo[]> = fc
    .tuple(fc.constantFrom(...HOSTILE_TEXTS), fc.constantFrom(0, 1, 3, 18))
    .map(([code, scale]) => [
      { id: `money-${'a'.repeat(18)}22222222`, code: 'EUR', kind: 'money', scale: 2 },
      { id: `money-${'b'.repeat(18)}33333333`, code: 'EUR', kind: 'money', scale: 2 },
      { id: `stock-${'c'.repeat(26)}`, code: 'TEE', kind: 'stock', scale: 0 },
      { id: `quota-${'d'.repeat(26)}`, code, kind: 'quota', scale },
    ])
  const devices = Array.from({ length: 5 }, (_, i) => ({ device: keyOf('d', i), member: keyOf('e', i % 3) }))
  const times = fc.oneof(
    fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2026, 11, 31) }),
    fc.constantFrom(0, Number.MAX_SAFE_INTEGER, Date.UTC(1999, 11, 31), Date.UTC(2126, 5, 5)),
  )
  const row = fc.record({
    device: fc.nat(4),
    to: fc.nat(4),
    type: fc.constantFrom(...TYPES),
    unit: fc.nat(3),
    amount: fc.oneof(fc.bigInt(1n, 2_000n), fc.bigInt(1n, (1n << 63n) - 1n)),
    timeMs: times,
    memo: fc.option(texts, { nil: undefined }),
    isCounted: fc.nat(9).map((n) => n > 0),
    isAccepted: fc.boolean(),
  })
  return fc
    .record({
      units,
      drawn: fc.array(row, { minLength, maxLength }),
      names: fc.array(texts, { minLength: 8, maxLength: 8 }),
    })
    .map(({ units, drawn, names }) => {
      const rows = drawn.map(({ device, to, unit, memo, ...more }, index): LedgerRow => {
        const own = devices[device]!
        const other = devices[to === device ? (to + 1) % 5 : to]!
        const hasOther = more.type === 'transfer' || more.type === 'replace'
        return {
          ...{
            commit: keyOf('c', Math.trunc(index / 3)),
            index: index % 3,
            ...own,
            unit: units[unit]!.id,
            ...more,
          },
          ...(hasOther ? { to: other } : {}),
          ...(memo === undefined ? {} : { memo }),
        }
      })
      const memberOf = (member: string) => names[Number.parseInt(member.slice(1, 5), 16)]!
      const deviceOf = (device: string) => names[3 + Number.parseInt(device.slice(1, 5), 16)]!
      const sorted = rows.map(({ timeMs }) => timeMs).sort((a, b) => a - b)
      return {
        ...{ rows, units, members: [...new Set(devices.map(({ member }) => member))] },
        holders: devices.map((it) => ({
          ...it,
          deviceName: deviceOf(it.device),
          memberName: memberOf(it.member),
        })),
        names: {
          members: new Map(devices.map(({ member }) => [member, memberOf(member)])),
          devices: new Map(devices.map(({ device }) => [device, deviceOf(device)])),
        },
        atPart: (part) => sorted[Math.trunc(part * (sorted.length - 1))] ?? 0,
      }
    })
}
