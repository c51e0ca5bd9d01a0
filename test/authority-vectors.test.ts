import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { decodeSeal, encodeSeal } from '#protocol/authority'
import { decodeRecord } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import { fromHex, toHex } from '#protocol/encoding'
import type { Replica } from '#protocol/replica'
import { REAL_KEYS, crypto } from './authority/keys.ts'
import { overhear } from './authority/replica-subject.ts'

interface History {
  name: string
  base: string
  commits: string[]
}

const file = JSON.parse(readFileSync(new URL('vectors/authority.json', import.meta.url), 'utf8')) as {
  records: { name: string; hex: string; id: string; height: number; isRecovery: boolean }[]
  invalidRecords: { name: string; hex: string }[]
  bases: { name: string; commits: string[] }[]
  valid: (History & { tip: string; stewards: [string, string][]; stateHash: string })[]
  refused: (History & { refusal: string })[]
}
const bytes = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array()

function recordOf(hex: string): CommitRecord {
  const decoded = decodeRecord(bytes(hex), crypto.sha256)
  if (!decoded.ok) throw new Error(decoded.refusal)
  return decoded.record
}

/** Takes in base and history one by one: what was said of each commit, the refusal of one that is not stored included. */
function told({ base, commits }: History): { replica: Replica; said: string[] } {
  const before = file.bases.find((it) => it.name === base)?.commits ?? []
  const records = [...before, ...commits].map(recordOf)
  const { coop } = (records[0] as CommitRecord).header
  const replica = openReplica({ coop, crypto, rule: REAL_KEYS.rule, signer: null })
  const verdicts = overhear(replica)
  const said = records.map((it) => {
    const { refused } = replica.ingest([it])
    const isSilent = it.header.sections.length === 0
    return refused[0]?.refusal ?? verdicts.get(toHex(it.id)) ?? (isSilent ? 'valid' : 'not judged')
  })
  return { replica, said }
}

test.each(file.records)('authority.json, record: $name', ({ hex, id, height, isRecovery }) => {
  const record = decodeSeal(bytes(hex))
  if (record === null) throw new Error('no record')
  expect(toHex(encodeSeal(record))).toBe(hex)
  expect(toHex(crypto.sha256(bytes(hex)))).toBe(id)
  expect([record.height, record.changes !== null]).toEqual([height, isRecovery])
})

test.each(file.invalidRecords)('authority.json, no record: $name', ({ hex }) => {
  expect(decodeSeal(bytes(hex))).toBe(null)
})

test.each(file.valid)('authority.json, valid: $name', (vector) => {
  const { replica, said } = told(vector)
  expect(new Set(said)).toEqual(new Set(['valid']))
  const { tip } = replica.authority.epochs
  expect(tip.name).toBe(vector.tip)
  expect([...tip.stewards].sort()).toEqual(vector.stewards)
  expect(toHex(replica.authority.stateHash())).toBe(vector.stateHash)
})

test.each(file.refused)('authority.json, $refusal: $name', (vector) => {
  const { said } = told(vector)
  expect(said.at(-1)).toBe(vector.refusal)
  expect(new Set(said.slice(0, -1))).toEqual(new Set(['valid']))
})

test('authority.json refuses by every name that an act can be refused by, but those of invites and keys elsewhere', () => {
  const elsewhere = ['genesis', 'invite-revoked', 'replaced-unknown', 'replaced-foreign', 'certificate']
  const names = new Set([...file.refused.map((it) => it.refusal), ...elsewhere])
  const source = readFileSync(new URL('../protocol/authority/act.ts', import.meta.url), 'utf8')
  const refusals = [...source.matchAll(/^ {2}\| '([a-z-]+)'/gm)].map(([, name]) => name as string)
  refusals.push('recovery-rule', 'not-elector', 'recovered-another')
  expect(refusals.filter((it) => !names.has(it))).toEqual([])
  expect(file.refused.length).toBeGreaterThan(file.valid.length)
})
