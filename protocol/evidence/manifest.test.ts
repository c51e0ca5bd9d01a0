import { encode } from '@ipld/dag-cbor'
import { expect, test } from 'vitest'
import { cborLink, linkToCid } from './block-link.ts'
import { EVIDENCE_BLOCK_BYTES_MAX, INDEXES_MAX, INDEX_ROWS_MAX } from './limits.ts'
import { decodeManifest, encodeManifest } from './manifest.ts'
import type { Manifest } from './manifest.ts'

const bytes32 = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
const manifest: Manifest = {
  coop: bytes32(1),
  commits: 1_001,
  document: 'board/menu',
  device: bytes32(2),
  indexes: [cborLink(bytes32(3)), cborLink(bytes32(4))],
}
const fields = {
  format: 'coopmesh/evidence',
  version: 1,
  coop: bytes32(1),
  genesis: linkToCid(cborLink(bytes32(1))),
  commits: 1_001,
  document: 'board/menu',
  device: bytes32(2),
  indexes: manifest.indexes.map(linkToCid),
}

function verdict(changes: Record<string, unknown>): string {
  const result = decodeManifest(encode({ ...fields, ...changes }))
  return result.ok ? 'ok' : result.refusal
}

/** A manifest with this many index blocks. */
const withIndexes = (count: number, commits: number = count * INDEX_ROWS_MAX): Manifest => {
  return { ...manifest, commits, indexes: Array.from({ length: count }, () => cborLink(bytes32(5))) }
}

test('a manifest decodes to what was encoded, a map that any dag-cbor reader understands', () => {
  expect(encodeManifest(manifest)).toEqual(new Uint8Array(encode(fields)))
  expect(decodeManifest(encodeManifest(manifest))).toEqual({ ok: true, manifest })
  const whole = { ...manifest, document: null, device: null }
  expect(decodeManifest(encodeManifest(whole))).toEqual({ ok: true, manifest: whole })
})

test('manifest-encoding: bytes that are not the one form of a value', () => {
  const good = encodeManifest(manifest)
  for (const bytes of [new Uint8Array(), good.subarray(1), Uint8Array.of(...good, 0), Uint8Array.of(0x18, 1)])
    expect(decodeManifest(bytes)).toEqual({ ok: false, refusal: 'manifest-encoding' })
  const deep = new Uint8Array(EVIDENCE_BLOCK_BYTES_MAX).fill(0x81)
  expect(decodeManifest(deep)).toEqual({ ok: false, refusal: 'manifest-encoding' })
})

test('manifest-version: another number than 1, with whatever beside it', () => {
  expect(verdict({ version: 2 })).toBe('manifest-version')
  expect(decodeManifest(encode({ format: fields.format, version: 0 }))).toEqual({
    ok: false,
    refusal: 'manifest-version',
  })
  for (const version of ['1', null, -1, true]) expect(verdict({ version })).toBe('manifest-shape')
})

test('manifest-shape: a missing, additional or mistyped field', () => {
  for (const value of [null, 1, 'x', [], {}, linkToCid(cborLink(bytes32(1))), bytes32(1)])
    expect(decodeManifest(encode(value))).toEqual({ ok: false, refusal: 'manifest-shape' })
  expect(verdict({ format: 'coopmesh/other' })).toBe('manifest-shape')
  expect(verdict({ more: 1 })).toBe('manifest-shape')
  for (const name of Object.keys(fields).filter((it) => it !== 'format' && it !== 'version')) {
    const { [name as keyof typeof fields]: _, ...rest } = fields
    expect(decodeManifest(encode(rest)), name).toEqual({ ok: false, refusal: 'manifest-shape' })
    for (const value of [false, -1, 'Ä', bytes32(1).subarray(1), {}, [1]])
      expect(verdict({ [name]: value }), name).toBe('manifest-shape')
  }
})

test('manifest-shape: the genesis link is the co-op id', () => {
  expect(verdict({ genesis: linkToCid(cborLink(bytes32(2))) })).toBe('manifest-shape')
  expect(verdict({ genesis: linkToCid({ codec: 0x55, digest: bytes32(1) }) })).toBe('manifest-shape')
})

test('manifest-shape: as many index blocks as the commits fill, all dag-cbor', () => {
  for (const commits of [0, 1_000, 2_001]) expect(verdict({ commits })).toBe('manifest-shape')
  expect(verdict({ commits: 2_000 })).toBe('ok')
  expect(verdict({ commits: 0, indexes: [] })).toBe('manifest-shape')
  const raw = linkToCid({ codec: 0x55, digest: bytes32(3) })
  expect(verdict({ indexes: [raw, raw] })).toBe('manifest-shape')
})

test('25,000 index blocks are linked, which still fits a block, and not one more', () => {
  const most = encodeManifest(withIndexes(INDEXES_MAX))
  expect(most.length).toBeLessThanOrEqual(EVIDENCE_BLOCK_BYTES_MAX)
  expect(decodeManifest(most).ok).toBe(true)
  expect(decodeManifest(encodeManifest(withIndexes(INDEXES_MAX + 1)))).toEqual({
    ok: false,
    refusal: 'manifest-shape',
  })
})
