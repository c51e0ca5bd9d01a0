import { expect, test } from 'vitest'
import { SAMPLE_COOP, Scribe, evidenceFile, evidenceParts } from '../../test/actors/evidence-file.ts'
import { nodeCrypto } from '#node/crypto'
import { SignatureRule } from '../identity/index.ts'
import { indexRow } from './evidence-index.ts'
import { EvidenceOutline } from './evidence-outline.ts'
import { EvidenceVerifier } from './evidence-verifier.ts'
import { INDEX_ROWS_MAX } from './limits.ts'

const crypto = nodeCrypto()
const scope = { document: null, device: null }

test('1,001 commits have two index blocks, each before its commits', () => {
  const scribe = new Scribe(1)
  const records = Array.from({ length: INDEX_ROWS_MAX + 1 }, () => scribe.write())
  const parts = evidenceParts(records)
  const kinds = parts.map((it) => it.kind)
  expect(kinds.slice(0, 4)).toEqual(['manifest', 'genesis', 'index', 'header'])
  expect(kinds.slice(-3)).toEqual(['header', 'index', 'header'])
  const verifier = new EvidenceVerifier({ sha256: crypto.sha256, rule: new SignatureRule(crypto) })
  expect(verifier.push(evidenceFile(parts))).toBe(true)
  expect(verifier.finish()).toMatchObject({ ok: true, report: { commits: 1_001, signed: 1_001, devices: 1 } })
})

test('an outline takes as many commits as its index blocks hold, and not one more', () => {
  const outline = new EvidenceOutline(crypto.sha256, 1)
  const row = indexRow(new Scribe(1).write(), null)
  for (let i = 0; i < INDEX_ROWS_MAX; i += 1) expect(outline.add(row)).toBe(true)
  expect(outline.add(row)).toBe(false)
  expect(outline.finish(SAMPLE_COOP, scope)).toMatchObject({ commits: INDEX_ROWS_MAX })
})

test('there is no evidence of nothing', () => {
  expect(() => new EvidenceOutline(crypto.sha256).finish(SAMPLE_COOP, scope)).toThrow(RangeError)
})
