import { expect, test } from 'vitest'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { FOUNDING_SCOPE, certifyDevice, isCertified } from './certificate.ts'
import { SignatureRule } from './signature-rule.ts'
import { signedMessage } from './signed-message.ts'

const rule = new SignatureRule(nodeCrypto())
const kit = nodeSigner(new Uint8Array(32).fill(1))
const other = nodeSigner(new Uint8Array(32).fill(2))
const device = nodeSigner(new Uint8Array(32).fill(3)).publicKey
const scope = new Uint8Array(32).fill(9)

test('a certificate holds for one kit, one scope and one device', () => {
  const certificate = certifyDevice(kit, scope, device)
  expect(isCertified(rule, { kit: kit.publicKey, scope, device, certificate })).toBe(true)
  expect(isCertified(rule, { kit: other.publicKey, scope, device, certificate })).toBe(false)
  expect(isCertified(rule, { kit: kit.publicKey, scope: FOUNDING_SCOPE, device, certificate })).toBe(false)
  expect(isCertified(rule, { kit: kit.publicKey, scope, device: other.publicKey, certificate })).toBe(false)
})

test('a signature for one purpose is none for another', () => {
  for (const purpose of ['commit', 'invite-proof'] as const) {
    const certificate = kit.sign(signedMessage(purpose, scope, device))
    expect(isCertified(rule, { kit: kit.publicKey, scope, device, certificate })).toBe(false)
  }
})

test('the founding scope is 32 zero bytes and the signed text names purpose and version', () => {
  expect(FOUNDING_SCOPE).toEqual(new Uint8Array(32))
  const text = new TextDecoder().decode(signedMessage('commit', Uint8Array.of(65)))
  expect(text).toBe('coopmesh/commit/1\0A')
})
