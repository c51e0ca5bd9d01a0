import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fromHex, toHex } from '#protocol/encoding'
import { checkForkProof } from '#protocol/evidence'
import type { ForkProofResult } from '#protocol/evidence'
import { SignatureRule } from '#protocol/identity'
import { nodeCrypto } from '#node/crypto'

const crypto = nodeCrypto()
const rule = new SignatureRule(crypto)
const bytes = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array()

const file = JSON.parse(readFileSync(new URL('vectors/fork-proofs.json', import.meta.url), 'utf8')) as {
  valid: { name: string; coop: string; device: string; seq: number; ids: string[]; hex: string }[]
  invalid: { name: string; coop: string; hex: string; refusal: string }[]
}

const check = ({ coop, hex }: { coop: string; hex: string }): ForkProofResult =>
  checkForkProof(bytes(hex), { coop: bytes(coop), rule, sha256: crypto.sha256 })

test.each(file.valid)('fork-proofs.json: $name', (row) => {
  const result = check(row)
  const fork = result.ok ? result.fork : null
  expect(toHex(fork?.device ?? new Uint8Array())).toBe(row.device)
  expect([fork?.seq, fork?.ids.map(toHex)]).toEqual([row.seq, row.ids])
})

test.each(file.invalid)('fork-proofs.json: $name', (row) => {
  expect(check(row)).toEqual({ ok: false, refusal: row.refusal })
})
