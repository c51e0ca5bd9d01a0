import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fromHex, toHex } from '#protocol/encoding'
import { decodeSplitRule, encodeSplitRule, splitAmount } from '#protocol/ledger/money'

interface RuleRow {
  name: string
  id: string
  version: number
  parties: [string, string, (string | number)?][]
  hex: string
  amount: string
  usage: [string, string][]
  parts: [string, string][]
}

test('splits.json: rules, their bytes and what they split', () => {
  const { rules, invalid } = JSON.parse(
    readFileSync(new URL('vectors/splits.json', import.meta.url), 'utf8'),
  ) as { rules: RuleRow[]; invalid: { name: string; hex: string; refusal: string }[] }
  for (const row of rules) {
    const decoded = decodeSplitRule(fromHex(row.hex) ?? new Uint8Array())
    if (!decoded.ok) throw new Error(`${row.name}: ${decoded.refusal}`)
    const { id, version, parties } = decoded.rule
    expect([id, version], row.name).toEqual([row.id, row.version])
    expect(
      parties.map(({ key, part: { way, ...value } }) => [key, way, ...Object.values(value).map(String)]),
      row.name,
    ).toEqual(row.parties.map(([key, way, ...value]) => [key, way, ...value.map(String)]))
    expect(toHex(encodeSplitRule(decoded.rule)), row.name).toBe(row.hex)
    const usage = new Map(row.usage.map(([key, used]) => [key, BigInt(used)]))
    const split = splitAmount(BigInt(row.amount), decoded.rule, usage)
    if (!split.ok) throw new Error(`${row.name}: ${split.refusal}`)
    expect(
      split.portions.map(({ key, amount }) => [key, String(amount)]),
      row.name,
    ).toEqual(row.parts)
  }
  for (const { name, hex, refusal } of invalid)
    expect(decodeSplitRule(fromHex(hex) ?? new Uint8Array()), name).toMatchObject({ ok: false, refusal })
  expect([rules.length, invalid.length]).toEqual([5, 12])
})
