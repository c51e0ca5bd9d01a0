import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fromHex, toHex } from '#protocol/encoding'
import {
  actsOf,
  encodeAsk,
  encodeLedgerEntries,
  readAnswer,
  readAsk,
  readDefinition,
  readLedgerSection,
  unitIdOf,
} from '#protocol/ledger'
import { nodeCrypto } from '#node/crypto'

interface Vectors {
  units: {
    name: string
    id: string
    device: string
    code: string
    kind: string
    supply: string
    nonce: string
  }[]
  sections: {
    name: string
    device: string
    entries: number
    payload: string
    acts: (string | number | null)[][]
  }[]
  invalid: { name: string; payload: string }[]
  asks: { name: string; unit: string; amount: string; reason: string; has: string; frame: string }[]
  answers: {
    name: string
    asked: string
    taken: string
    why: string | null
    commits: number | null
    frame: string
  }[]
  noAsks: { name: string; frame: string }[]
}

const { sha256 } = nodeCrypto()
const bytes = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array()
const vectors = JSON.parse(readFileSync(new URL('vectors/ledger.json', import.meta.url), 'utf8')) as Vectors

test('ledger.json: sections, their bytes and what they do for the books', () => {
  for (const { name, device, entries, payload, acts } of vectors.sections) {
    const read = readLedgerSection(bytes(payload), entries)
    if (read === null) throw new Error(name)
    expect(toHex(encodeLedgerEntries(read)), name).toBe(payload)
    const done = actsOf(read, bytes(device), sha256)
    expect(
      done.map((act) => [act.kind, act.unit, String(act.kind === 'define' ? act.supply : act.amount)]),
      name,
    ).toEqual(acts.map((it) => it.slice(0, 3)))
    for (const act of done) {
      if (act.kind !== 'define' || act.unit.startsWith('rule-')) continue
      const unit = readDefinition(act.unit, act.definition)
      if (unit === null) throw new Error(name)
      expect(unitIdOf(bytes(unit.device), unit, sha256), name).toBe(act.unit)
    }
  }
})

test('ledger.json: definitions have different ids, each of its kind', () => {
  for (const { id, kind } of vectors.units) expect(id.startsWith(`${kind}-`)).toBe(true)
  expect(new Set(vectors.units.map((it) => it.id)).size).toBe(vectors.units.length)
})

test.each(vectors.invalid)('ledger.json: $name is no entry', ({ payload }) => {
  expect(readLedgerSection(bytes(payload), 1)).toBe(null)
})

test('ledger.json: invalid entries are more than valid ones', () => {
  expect(vectors.invalid.length).toBeGreaterThan(vectors.units.length + vectors.sections.length)
})

test('ledger.json: asks for rights, and answers', () => {
  for (const { name, unit, amount, reason, has, frame } of vectors.asks) {
    const ask = readAsk(bytes(frame), 'ff')
    expect(ask, name).toEqual({ unit, amount: BigInt(amount), reason, device: 'ff', has: bytes(has) })
    expect(ask === null ? '' : toHex(encodeAsk(ask)), name).toBe(frame)
  }
  for (const { name, asked, taken, why, commits, frame } of vectors.answers)
    expect(readAnswer(bytes(frame), BigInt(asked)), name).toEqual({ amount: BigInt(taken), why, commits })
  for (const { name, frame } of vectors.noAsks) expect(readAsk(bytes(frame), 'ff'), name).toBe(null)
})
