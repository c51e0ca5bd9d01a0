import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { describe, expect, test } from 'vitest'
import {
  ASSET_CID_TEXT_LENGTH_MAX,
  cidOfDigest,
  DAG_PB_CODEC,
  parseAssetCid,
  RAW_CODEC,
} from './asset-cid.ts'

const digest = new Uint8Array(createHash('sha256').update('asset').digest())
const raw = cidOfDigest(RAW_CODEC, digest)

describe('parseAssetCid', () => {
  test('reads raw and dag-pb CIDs in base32, base36 and base58btc, and prints them as base32', () => {
    for (const cid of [raw, cidOfDigest(DAG_PB_CODEC, digest)]) {
      for (const text of [cid.toString(), cid.toString(base36), cid.toString(base58btc)]) {
        const parsed = parseAssetCid(text)
        expect(parsed.ok && parsed.cid.toString()).toBe(cid.toString())
      }
    }
  })

  test('does not print the padding that a text came with', () => {
    const parsed = parseAssetCid(`${raw.toString()}=`)
    if (parsed.ok) expect(parsed.cid.toString()).toBe(raw.toString())
  })

  test('refuses CIDv0, other codecs, other hashes and short digests as unsupported', () => {
    const dagCbor = CID.createV1(0x71, createDigest(0x12, digest))
    const sha512 = CID.createV1(RAW_CODEC, createDigest(0x13, new Uint8Array(64)))
    const short = CID.createV1(RAW_CODEC, createDigest(0x12, digest.slice(0, 20)))
    const version0 = CID.createV0(createDigest(0x12, digest))
    for (const cid of [dagCbor, sha512, short, version0]) {
      expect(parseAssetCid(cid.toString())).toEqual({ ok: false, refusal: 'unsupported-cid' })
    }
  })

  test('never throws, whatever the text', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string().map((tail) => `b${tail}`),
      fc.integer({ min: 0, max: 58 }).map((length) => raw.toString().slice(0, length)),
    )
    fc.assert(fc.property(text, (text) => !parseAssetCid(text).ok))
  })

  test(`reads texts up to ${ASSET_CID_TEXT_LENGTH_MAX} characters and calls longer ones no CID`, () => {
    const ofLength = (bytes: number): string =>
      CID.createV1(RAW_CODEC, createDigest(0x13, new Uint8Array(bytes))).toString()
    expect(ofLength(75)).toHaveLength(ASSET_CID_TEXT_LENGTH_MAX)
    expect(parseAssetCid(ofLength(75))).toEqual({ ok: false, refusal: 'unsupported-cid' })
    expect(parseAssetCid(ofLength(76))).toEqual({ ok: false, refusal: 'not-a-cid' })
  })
})

test('a digest of another length is our bug', () => {
  expect(() => cidOfDigest(RAW_CODEC, new Uint8Array(31))).toThrow(RangeError)
})
