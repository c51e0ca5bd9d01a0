import { peerIdFromPublicKey, peerIdFromString } from '@libp2p/peer-id'
import { publicKeyFromRaw } from '@libp2p/crypto/keys'
import * as fc from 'fast-check'
import { base58btc } from 'multiformats/bases/base58'
import { expect, test } from 'vitest'
import { deviceFromText, deviceText } from './device-text.ts'

test('the text of a device is the PeerId that libp2p gives to its key', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
      const text = deviceText(key)
      expect(text).toBe(peerIdFromPublicKey(publicKeyFromRaw(key)).toString())
      expect(peerIdFromString(text).publicKey?.raw).toEqual(key)
      expect(deviceFromText(text)).toEqual(key)
    }),
    { numRuns: 30 },
  )
})

test('a text that is no PeerId of an Ed25519 key has no device', () => {
  const text = deviceText(new Uint8Array(32).fill(5))
  const wrongPrefix = base58btc.baseEncode(
    Uint8Array.of(0x00, 0x25, 0x08, 0x02, 0x12, 0x21, ...new Uint8Array(33)),
  )
  const sha256Id = 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG'
  const refused = ['', '1', '12D3Koo', sha256Id, wrongPrefix, text.slice(0, -1), `${text}1`, `1${text}`]
  refused.push(` ${text}`, `${text}\n`, text.replace('1', '0'), text.replace('1', 'l'), 'é', 'z'.repeat(64))
  refused.push('z'.repeat(100_000))
  for (const it of refused) expect(deviceFromText(it), it.slice(0, 80)).toBe(null)
})
